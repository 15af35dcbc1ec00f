-- The right to refresh an account's tokens, for one at a time.
-- KEYS account
-- ARGV rev of the secret that is to be refreshed, name of this lease, leaseMs
local found = redis.call('HMGET', KEYS[1], 'secretRev', 'leaseBy', 'leaseUntil', 'failedUntil')
if found[1] ~= ARGV[1] then return 'changed' end
if found[2] == ARGV[2] then return 'taken' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if found[4] and tonumber(found[4]) > now then return 'failed' end
if found[3] and tonumber(found[3]) > now then return 'busy' end
redis.call('HSET', KEYS[1], 'leaseBy', ARGV[2], 'leaseUntil', string.format('%.0f', now + ARGV[3]))
return 'taken'

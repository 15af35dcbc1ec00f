-- A refresh came to nothing: whoever asks before `forMs` have passed is told so instead of asking X again.
-- KEYS account
-- ARGV rev, name of the lease, failure, forMs
local found = redis.call('HMGET', KEYS[1], 'secretRev', 'leaseBy')
if found[1] ~= ARGV[1] or found[2] ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'failure', ARGV[3], 'failedUntil', string.format('%.0f', now + ARGV[4]))
redis.call('HDEL', KEYS[1], 'leaseBy', 'leaseUntil')
return 1

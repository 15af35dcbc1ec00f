-- The secret of an account, and with it the account: new, connected again, or with a fresh pair of tokens.
-- KEYS account, accounts, names
-- ARGV id, profile ('' leaves it), grant, secret, imported ('' leaves it), expected rev ('' for any, '0' for none),
--      name of this put, settings and ring of a new account, username in lower case, key of the X user among the names,
--      '1' for a pair that was fetched since X refused the one before
local found = redis.call('HMGET', KEYS[1], 'secretRev', 'putBy', 'profile', 'failure', 'settings')
-- This very put was made before: its answer was lost with the connection, and the client has sent it again.
if found[2] == ARGV[7] then return { 'put', found[1], 0 } end
local rev = found[1] or '0'
if ARGV[6] ~= '' and ARGV[6] ~= rev then return { 'stale' } end
if ARGV[2] ~= '' then
  local before = found[3] and string.lower(cjson.decode(found[3]).username)
  if before and before ~= ARGV[10] and redis.call('HGET', KEYS[3], before) == ARGV[1] then
    redis.call('HDEL', KEYS[3], before)
  end
  redis.call('HSET', KEYS[3], ARGV[10], ARGV[1], ARGV[11], ARGV[1])
  redis.call('HSET', KEYS[1], 'profile', ARGV[2])
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
end
if not found[5] then redis.call('HSET', KEYS[1], 'settings', ARGV[8], 'ring', ARGV[9]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'imported', ARGV[5]) end
-- Made of the time: never given twice, also not after the account was removed, or by a Redis that has forgotten the last one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local next = string.format('%.0f', math.max(now, tonumber(rev) + 1))
redis.call('HSET', KEYS[1], 'grant', ARGV[3], 'secret', ARGV[4], 'secretRev', next, 'putBy', ARGV[7])
redis.call('HDEL', KEYS[1], 'refused', 'afterRefusal', 'failure', 'failedUntil', 'leaseBy', 'leaseUntil')
if ARGV[12] == '1' then redis.call('HSET', KEYS[1], 'afterRefusal', next) end
return { 'put', next, found[4] and 1 or 0 }

-- Takes a post in hand for the holder of its current wake, under a new fence; it counts in the share of its account.
-- KEYS post, admitted, history, releases
-- ARGV id, wake, holder, leaseMs, prefix of busy
local found = redis.call('HMGET', KEYS[1], 'wake', 'over', 'held', 'request', 'state', 'rev', 'history', 'account')
if not found[1] then return { 'missing' } end
if found[2] == '1' then return { 'over' } end
if found[1] ~= ARGV[2] then return { 'superseded' } end
local time = redis.call('TIME')
local fence = raiseFence(KEYS[1], time)
redis.call('HSET', KEYS[1], 'held', ARGV[3])
redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[4], ARGV[1])
redis.call('SADD', ARGV[5] .. found[8], ARGV[1])
-- Whoever had it has gone without giving it back, unless this very claim was made before and its answer was lost.
local abandoned = (found[3] ~= '' and found[3] ~= ARGV[3]) and 1 or 0
local history, since, promoted = presentHistory(KEYS[3])
return { 'held', found[4], found[5], tonumber(found[6]), fence, abandoned, found[7], history, since, promoted and 1 or 0,
  releasesOf(KEYS[4], found[8]) }

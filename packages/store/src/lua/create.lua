-- A new post: record, indexes, place in the backlog, first event. Says 0 when the id is taken by another request.
-- KEYS post, backlog, all, of-account, of-status, events, events-of-post, history, schedule of the account, ring
-- ARGV id, request, state, status, startAt, event, eventsSince, channel, publishAt, scheduleSince, account
local taken = redis.call('HGET', KEYS[1], 'request')
-- The same request is the same post: a client whose answer was lost with the connection sends it again.
if taken then return taken == ARGV[2] and 1 or 0 end
local history = presentHistory(KEYS[8])
redis.call('HSET', KEYS[1], 'request', ARGV[2], 'state', ARGV[3], 'status', ARGV[4], 'rev', 1, 'fence', 0, 'wake', 0, 'held', '',
  'history', history, 'account', ARGV[11], 'start', ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[9], ARGV[9], ARGV[1])
-- What was due long ago leaves the schedule, a few at a time: more than one goes for each that comes.
local past = redis.call('ZRANGEBYSCORE', KEYS[9], '-inf', '(' .. ARGV[10], 'LIMIT', 0, 20)
if #past > 0 then redis.call('ZREM', KEYS[9], unpack(past)) end
for i = 3, 5 do redis.call('ZADD', KEYS[i], 0, ARGV[1]) end
local eventId = redis.call('XADD', KEYS[6], 'MINID', '~', ARGV[7], '*', 'p', ARGV[1], 'e', ARGV[6])
redis.call('RPUSH', KEYS[7], eventId .. ' ' .. ARGV[6])
local now = nowMs()
joinRing(KEYS[10], KEYS[2], ARGV[11], now, true)
if tonumber(ARGV[5]) <= now then redis.call('PUBLISH', ARGV[8], ARGV[1]) end
return 1

-- The one way in which a record changes: checks revision and fence, writes the state, moves the index, appends the events.
-- KEYS post, admitted, backlog, of-status-before, of-status-after, events, events-of-post, history, schedule of the account
-- ARGV id, rev, fence, state, status, mode, amount, eventsSince, name of this save, history, channel, request, publishAt, event...
-- mode: 'hold' keeps it in hand, lease of `amount` ms; 'release' gives it back, to be looked at by `amount` (epoch ms);
--       'over' ends it; 'reopen' takes it from whoever has it, who finds the fence gone, and puts it in the backlog for `amount`.
-- request: '' leaves it as it is; only its owner changes it.
-- history: '-' saves whatever has happened to Redis; otherwise only under the history of that name, '' being that of its creation.
local found = redis.call('HMGET', KEYS[1], 'rev', 'fence', 'saved')
if not found[1] then return { 'missing' } end
-- This very save was made before: its answer was lost with the connection, and the client has sent it again.
if found[3] == ARGV[9] then return { 'saved', tonumber(found[1]), tonumber(found[2]) } end
if found[1] ~= ARGV[2] or found[2] ~= ARGV[3] then return { 'stale', found[1], found[2] } end
if ARGV[10] ~= '-' then
  local history, since, promoted = presentHistory(KEYS[8])
  local known = ARGV[10] ~= '' and ARGV[10] or redis.call('HGET', KEYS[1], 'history')
  if known ~= history then return { 'rewritten', history, since, promoted and 1 or 0 } end
end
local rev = redis.call('HINCRBY', KEYS[1], 'rev', 1)
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'status', ARGV[5], 'saved', ARGV[9])
if ARGV[12] ~= '' then redis.call('HSET', KEYS[1], 'request', ARGV[12]) end
local mode, fence = ARGV[6], tonumber(ARGV[3])
if mode == 'hold' then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[7], ARGV[1])
elseif mode == 'release' then
  redis.call('HSET', KEYS[1], 'held', '')
  redis.call('ZADD', KEYS[2], ARGV[7], ARGV[1])
else
  local time = redis.call('TIME')
  fence = raiseFence(KEYS[1], time)
  redis.call('HSET', KEYS[1], 'held', '')
  redis.call('ZREM', KEYS[2], ARGV[1])
  if mode == 'over' then
    redis.call('HSET', KEYS[1], 'over', '1')
    redis.call('ZREM', KEYS[3], ARGV[1])
    if ARGV[5] ~= 'published' then redis.call('ZREM', KEYS[9], ARGV[1]) end
  else
    redis.call('HDEL', KEYS[1], 'over')
    redis.call('ZADD', KEYS[3], ARGV[7], ARGV[1])
    redis.call('ZADD', KEYS[9], ARGV[13], ARGV[1])
    if tonumber(ARGV[7]) <= time[1] * 1000 + time[2] / 1000 then redis.call('PUBLISH', ARGV[11], ARGV[1]) end
  end
end
if KEYS[4] ~= KEYS[5] then
  redis.call('ZREM', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[5], 0, ARGV[1])
end
for i = 14, #ARGV do
  local eventId = redis.call('XADD', KEYS[6], 'MINID', '~', ARGV[8], '*', 'p', ARGV[1], 'e', ARGV[i])
  redis.call('RPUSH', KEYS[7], eventId .. ' ' .. ARGV[i])
end
return { 'saved', rev, fence }

-- The one way in which a record changes: checks revision and fence, writes the state, moves the index, appends the events.
-- KEYS post, admitted, backlog, of-status-before, of-status-after, events, events-of-post, history, schedule of the account,
--      ring, busy, blocks, releases
-- ARGV id, rev, fence, state, status, mode, amount, eventsSince, name of this save, history, channel or '', request, publishAt,
--      account, block or '', what the claim said of releases, event...
-- mode: 'hold' keeps it in hand, lease of `amount` ms; 'release' gives it back, to be looked at by `amount` (epoch ms);
--       'over' ends it; 'reopen' takes it from whoever has it, who finds the fence gone, and puts it in the backlog for `amount`;
--       'park' puts it back into the backlog for its start as it was, as its account is held back, and notes the block that it met.
-- request: '' leaves it as it is; only its owner changes it.
-- Says whether it may be the turn of the account now, which is told on the channel, too.
-- history: '-' saves whatever has happened to Redis; otherwise only under the history of that name, '' being that of its creation.
local found = redis.call('HMGET', KEYS[1], 'rev', 'fence', 'saved')
if not found[1] then return { 'missing' } end
-- This very save was made before: its answer was lost with the connection, and the client has sent it again.
if found[3] == ARGV[9] then return { 'saved', tonumber(found[1]), tonumber(found[2]), 0 } end
if found[1] ~= ARGV[2] or found[2] ~= ARGV[3] then return { 'stale', found[1], found[2] } end
if ARGV[10] ~= '-' then
  local history, since, promoted = presentHistory(KEYS[8])
  local known = ARGV[10] ~= '' and ARGV[10] or redis.call('HGET', KEYS[1], 'history')
  if known ~= history then return { 'rewritten', history, since, promoted and 1 or 0 } end
end
local rev = redis.call('HINCRBY', KEYS[1], 'rev', 1)
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'status', ARGV[5], 'saved', ARGV[9])
if ARGV[12] ~= '' then redis.call('HSET', KEYS[1], 'request', ARGV[12]) end
local mode, fence, now = ARGV[6], tonumber(ARGV[3]), nowMs()
local due = false
if mode == 'hold' then
  redis.call('ZADD', KEYS[2], now + ARGV[7], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'held', '')
  local isPlaceFreed = redis.call('SREM', KEYS[11], ARGV[1]) == 1
  if mode == 'release' then
    redis.call('ZADD', KEYS[2], ARGV[7], ARGV[1])
  else
    fence = raiseFence(KEYS[1], redis.call('TIME'))
    redis.call('ZREM', KEYS[2], ARGV[1])
  end
  if mode == 'over' then
    redis.call('HSET', KEYS[1], 'over', '1')
    redis.call('ZREM', KEYS[3], ARGV[1])
    if ARGV[5] ~= 'published' then redis.call('ZREM', KEYS[9], ARGV[1]) end
    if ARGV[5] == 'published' then endPassedBlock(KEYS[12], KEYS[6], ARGV[8], ARGV[14], now) end
  elseif mode == 'reopen' then
    redis.call('HDEL', KEYS[1], 'over')
    -- The job that it may have is of its former time.
    redis.call('HINCRBY', KEYS[1], 'wake', 1)
    redis.call('HSET', KEYS[1], 'start', ARGV[7])
    redis.call('ZADD', KEYS[3], ARGV[7], ARGV[1])
    redis.call('ZADD', KEYS[9], ARGV[13], ARGV[1])
    due = joinRing(KEYS[10], KEYS[3], ARGV[14], now, true)
  elseif mode == 'park' then
    redis.call('ZADD', KEYS[3], redis.call('HGET', KEYS[1], 'start') or now, ARGV[1])
    local blocks = blocksOf(KEYS[12], ARGV[14])
    local isNews = ARGV[15] ~= '' and ARGV[16] == releasesOf(KEYS[13], ARGV[14])
    if isNews and strengthen(blocks, cjson.decode(ARGV[15]), now) then
      putBlocks(KEYS[12], ARGV[14], blocks)
      tellOfAccount(KEYS[6], ARGV[8], ARGV[14], 'blocked', blocks.block, now)
    end
    local till = heldUntil(blocks, now)
    if till ~= nil then
      leaveRing(KEYS[10], ARGV[14], till)
    else
      due = joinRing(KEYS[10], KEYS[3], ARGV[14], now, true)
    end
    isPlaceFreed = false
  end
  if isPlaceFreed then due = joinRing(KEYS[10], KEYS[3], ARGV[14], now) or due end
  if due and ARGV[11] ~= '' then redis.call('PUBLISH', ARGV[11], ARGV[1]) end
end
if KEYS[4] ~= KEYS[5] then
  redis.call('ZREM', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[5], 0, ARGV[1])
end
for i = 17, #ARGV do
  local eventId = redis.call('XADD', KEYS[6], 'MINID', '~', ARGV[8], '*', 'p', ARGV[1], 'e', ARGV[i])
  redis.call('RPUSH', KEYS[7], eventId .. ' ' .. ARGV[i])
end
return { 'saved', rev, fence, due and 1 or 0 }

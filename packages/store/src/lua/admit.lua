-- Hand-off, first phase: accounts whose turn has come, one after the other, give their next posts, which leave their backlog under a
-- lease, each with the number of its wake. Who was served goes behind all others that are due. An account that is held back, or has
-- its share in hand, leaves the ring: what releases it, or frees a place, puts it back.
-- The second phase is the job in the queue; where that fails the lease runs out and `readmit` does it again.
-- It runs several times a second, and so it is also what notices first that Redis has another history.
-- KEYS ring, admitted, history, blocks
-- ARGV limit (of posts, and of accounts looked at), leaseMs, share, pace of an account that has none of its own,
--      prefixes of: post, backlog, busy, tat, account
-- pace: "weight intervalMs burst": posts per turn; one per interval after a burst of so many (GCRA); interval 0: at any pace.
presentHistory(KEYS[3])
local now = nowMs()
local limit, share = tonumber(ARGV[1]), tonumber(ARGV[3])
local admitted = {}
-- The end of the queue of those that are due. Turns are thousandths of a millisecond apart.
local last = redis.call('ZRANGE', KEYS[1], '(' .. now + 1, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')
local turn = math.max(now, tonumber(last[2] or 0))

local function handOver(account, id)
  redis.call('ZREM', ARGV[6] .. account, id)
  if redis.call('EXISTS', ARGV[5] .. id) == 0 then return false end
  redis.call('ZADD', KEYS[2], now + ARGV[2], id)
  redis.call('SADD', ARGV[7] .. account, id)
  admitted[#admitted + 1] = id
  admitted[#admitted + 1] = redis.call('HINCRBY', ARGV[5] .. id, 'wake', 1)
  return true
end

-- Gives up to `most` posts, as far as the pace allows. Says when the next may follow.
local function giveAtPace(account, most, interval, burst)
  local due = redis.call('ZRANGE', ARGV[6] .. account, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
  if interval == 0 then
    for _, id in ipairs(due) do handOver(account, id) end
    return now
  end
  local key = ARGV[8] .. account
  local tat = math.max(now, tonumber(redis.call('GET', key) or 0))
  local tolerance = math.max(0, burst - 1) * interval
  for _, id in ipairs(due) do
    if tat - tolerance > now then break end
    if handOver(account, id) then tat = tat + interval end
  end
  if tat > now then redis.call('SET', key, string.format('%.0f', tat), 'PX', tat - now) end
  return math.max(now, tat - tolerance)
end

local function serve(account)
  local blocks = blocksOf(KEYS[4], account)
  local till = heldUntil(blocks, now)
  if till ~= nil then return leaveRing(KEYS[1], account, till) end
  -- After a block has passed by itself one post goes ahead, until one got through.
  local places = (blocks.block and 1 or share) - redis.call('SCARD', ARGV[7] .. account)
  if places <= 0 then return leaveRing(KEYS[1], account) end
  local pace = redis.call('HGET', ARGV[9] .. account, 'ring') or ARGV[4]
  local weight, interval, burst = string.match(pace, '^(%d+) (%d+) (%d+)$')
  local most = math.min(tonumber(weight), places, limit - #admitted / 2)
  local from = giveAtPace(account, most, tonumber(interval), tonumber(burst))
  local first = redis.call('ZRANGE', ARGV[6] .. account, 0, 0, 'WITHSCORES')
  turn = turn + 0.001
  leaveRing(KEYS[1], account, first[1] and string.format('%.3f', math.max(tonumber(first[2]), from, turn)))
end

for _ = 1, limit do
  local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  if not head[1] or tonumber(head[2]) >= now + 1 or #admitted >= 2 * limit then break end
  serve(head[1])
end
return admitted

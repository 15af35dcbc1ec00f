-- The ring: accounts by the instant at which they may be given their next post.
-- An account that has posts left comes (back) into it: for the start of the first of them, or at once. One that is there stays where
-- it is, unless it is to come `sooner`. Says whether it may be its turn now.
local function joinRing(ring, backlog, account, now, sooner)
  local first = redis.call('ZRANGE', backlog, 0, 0, 'WITHSCORES')
  if not first[1] then return false end
  local at = math.max(tonumber(first[2]), now)
  redis.call('ZADD', ring, sooner and 'LT' or 'NX', at, account)
  return at == now
end

-- Its posts stay where they are until then; nil: until somebody puts it back.
local function leaveRing(ring, account, till)
  if till then
    redis.call('ZADD', ring, till, account)
  else
    redis.call('ZREM', ring, account)
  end
end

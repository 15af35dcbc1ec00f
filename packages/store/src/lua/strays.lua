-- Puts back posts that are not over and yet neither wait for their start nor are handed over: half of a backup that was restored,
-- say. Goes through the index of a status a few at a time; says where to go on, '' after the last one, and what it put back.
-- On the way it mends the accounts of those that wait: places that nobody has any more are freed, and who is missing in the ring
-- comes back into it.
-- KEYS admitted, ring, of-status
-- ARGV id to go on behind, or '', limit, prefixes of: post, backlog, busy
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local ids = redis.call('ZRANGE', KEYS[3], from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local now = nowMs()
local reply = { #ids < tonumber(ARGV[2]) and '' or ids[#ids] }
local mended = {}

local function mend(account)
  for _, id in ipairs(redis.call('SRANDMEMBER', ARGV[5] .. account, 20)) do
    if not redis.call('ZSCORE', KEYS[1], id) then redis.call('SREM', ARGV[5] .. account, id) end
  end
  joinRing(KEYS[2], ARGV[4] .. account, account, now)
  mended[account] = true
end

for _, id in ipairs(ids) do
  if not redis.call('ZSCORE', KEYS[1], id) then
    local account = redis.call('HGET', ARGV[3] .. id, 'account') or ''
    if not redis.call('ZSCORE', ARGV[4] .. account, id) then
      redis.call('ZADD', KEYS[1], now, id)
      reply[#reply + 1] = id
    elseif not mended[account] then
      mend(account)
    end
  end
end
return reply

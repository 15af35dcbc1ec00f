-- Puts back posts that are not over and yet neither wait for their start nor are handed over: half of a backup that was restored,
-- say. Goes through the index of a status a few at a time; says where to go on, '' after the last one, and what it put back.
-- KEYS admitted, backlog, of-status
-- ARGV id to go on behind, or '', limit
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local ids = redis.call('ZRANGE', KEYS[3], from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local time = redis.call('TIME')
local reply = { #ids < tonumber(ARGV[2]) and '' or ids[#ids] }
for _, id in ipairs(ids) do
  if not redis.call('ZSCORE', KEYS[1], id) and not redis.call('ZSCORE', KEYS[2], id) then
    redis.call('ZADD', KEYS[1], time[1] * 1000, id)
    reply[#reply + 1] = id
  end
end
return reply

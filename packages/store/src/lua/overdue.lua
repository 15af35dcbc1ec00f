-- Admitted posts that nobody has looked at in time, with the number of their last wake.
-- KEYS admitted
-- ARGV limit, prefix of post keys
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local overdue = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local found = redis.call('HMGET', ARGV[2] .. id, 'wake', 'over')
  if not found[1] or found[2] == '1' then
    redis.call('ZREM', KEYS[1], id)
  else
    overdue[#overdue + 1] = id
    overdue[#overdue + 1] = found[1]
  end
end
return overdue

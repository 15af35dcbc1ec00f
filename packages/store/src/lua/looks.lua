-- Admitted posts that somebody must look at within a span of time, each with the number of its last wake and that instant.
-- KEYS admitted
-- ARGV limit, prefix of post keys, span: from and until, in ms from now ('-inf' for what is long overdue), offset, prefix of busy
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local from = ARGV[3] == '-inf' and '-inf' or now + ARGV[3]
local found = redis.call('ZRANGEBYSCORE', KEYS[1], from, now + ARGV[4], 'WITHSCORES', 'LIMIT', ARGV[5], ARGV[1])
local looks = {}
for i = 1, #found, 2 do
  local id = found[i]
  local record = redis.call('HMGET', ARGV[2] .. id, 'wake', 'over', 'account')
  if not record[1] or record[2] == '1' then
    redis.call('ZREM', KEYS[1], id)
    if record[3] then redis.call('SREM', ARGV[6] .. record[3], id) end
  else
    looks[#looks + 1] = id
    looks[#looks + 1] = record[1]
    looks[#looks + 1] = found[i + 1]
  end
end
return looks

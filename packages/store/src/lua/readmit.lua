-- Gives posts a new lease; one whose job is gone, or whose worker is, also a new wake, which makes its old job void.
-- Says the wake to add a job for, or 0. Somebody may have looked at it since, or another worker been quicker: then nothing happens.
-- KEYS admitted
-- ARGV leaseMs, prefix of post keys, then id, wake, when it was to be looked at, and '1' for a new wake, of each
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wakes = {}
for i = 3, #ARGV, 4 do
  local id, key, wake = ARGV[i], ARGV[2] .. ARGV[i], 0
  local due = redis.call('ZSCORE', KEYS[1], id)
  if due and tonumber(due) == tonumber(ARGV[i + 2]) and redis.call('HGET', key, 'wake') == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], now + ARGV[1], id)
    if ARGV[i + 3] == '1' then wake = redis.call('HINCRBY', key, 'wake', 1) end
  end
  wakes[#wakes + 1] = wake
end
return wakes

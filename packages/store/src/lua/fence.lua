-- A fence that is higher than every earlier one, also than those that Redis has forgotten: it is made of the time,
-- in microseconds, of which no two claims share one.
local function raiseFence(key, time)
  local now = time[1] * 1000000 + time[2]
  local fence = math.max(now, tonumber(redis.call('HGET', key, 'fence')) + 1)
  redis.call('HSET', key, 'fence', string.format('%.0f', fence))
  return fence
end

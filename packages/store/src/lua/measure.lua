-- Moves averages towards new measurements: each new one counts for a share, the older ones for less and less.
-- KEYS pace
-- ARGV share, then field and measurement of each
for i = 2, #ARGV, 2 do
  local value, known = tonumber(ARGV[i + 1]), tonumber(redis.call('HGET', KEYS[1], ARGV[i]))
  if known then value = known + (value - known) * ARGV[1] end
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', value))
end
return 1

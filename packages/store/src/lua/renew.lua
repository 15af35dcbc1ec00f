-- Renews the leases of posts in hand; says which are no longer this worker's.
-- KEYS admitted
-- ARGV leaseMs, prefix of post keys, then id and fence of each
local time = redis.call('TIME')
local lease = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
local lost = {}
for i = 3, #ARGV, 2 do
  if redis.call('HGET', ARGV[2] .. ARGV[i], 'fence') == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], 'XX', lease, ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost

-- Renews the leases of posts in hand; says which are no longer this worker's, by their places in the list, from 0.
-- KEYS admitted
-- ARGV leaseMs, prefix of post keys, then id and fence of each
local time = redis.call('TIME')
local lease = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
local lost = {}
for i = 3, #ARGV, 2 do
  local found = redis.call('HMGET', ARGV[2] .. ARGV[i], 'fence', 'held')
  if found[1] ~= ARGV[i + 1] then
    lost[#lost + 1] = (i - 3) / 2
  elseif found[2] ~= '' then -- one that was given back a moment ago keeps the instant at which its wait ends
    redis.call('ZADD', KEYS[1], 'XX', lease, ARGV[i])
  end
end
return lost

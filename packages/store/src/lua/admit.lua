-- Hand-off, first phase: what is due leaves the backlog under a lease, each with the number of its wake.
-- The second phase is the job in the queue; where that fails the lease runs out and `readmit` does it again.
-- It runs several times a second, and so it is also what notices first that Redis has another history.
-- KEYS backlog, admitted, history
-- ARGV limit, leaseMs, prefix of post keys
presentHistory(KEYS[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
local admitted = {}
for _, id in ipairs(ids) do
  redis.call('ZREM', KEYS[1], id)
  if redis.call('EXISTS', ARGV[3] .. id) == 1 then
    redis.call('ZADD', KEYS[2], now + ARGV[2], id)
    admitted[#admitted + 1] = id
    admitted[#admitted + 1] = redis.call('HINCRBY', ARGV[3] .. id, 'wake', 1)
  end
end
return admitted

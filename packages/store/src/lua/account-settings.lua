-- KEYS account
-- ARGV settings before, settings after, ring
if redis.call('HGET', KEYS[1], 'settings') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'settings', ARGV[2], 'ring', ARGV[3])
return 1

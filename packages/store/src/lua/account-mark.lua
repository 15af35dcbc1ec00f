-- Notes something about the secret of this rev: that X refused it, or that it is as durable as it can be.
-- KEYS account
-- ARGV rev, field
if redis.call('HGET', KEYS[1], 'secretRev') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[1])
return 1

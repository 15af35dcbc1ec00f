-- KEYS account, accounts, names
-- ARGV id
local profile = redis.call('HGET', KEYS[1], 'profile')
if not profile then return 0 end
local known = cjson.decode(profile)
for _, name in ipairs({ string.lower(known.username), '#' .. known.xUserId }) do
  if redis.call('HGET', KEYS[3], name) == ARGV[1] then redis.call('HDEL', KEYS[3], name) end
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 1

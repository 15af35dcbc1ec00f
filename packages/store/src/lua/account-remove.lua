-- An account with its secret. Its X user keeps an id that does not follow from it: connected again, it has its posts again.
-- KEYS account, accounts, names
-- ARGV id, '1' for an id that does not follow from the X user
local profile = redis.call('HGET', KEYS[1], 'profile')
if not profile then return 0 end
local known = cjson.decode(profile)
local names = { string.lower(known.username) }
if ARGV[2] ~= '1' then names[2] = '#' .. known.xUserId end
for _, name in ipairs(names) do
  if redis.call('HGET', KEYS[3], name) == ARGV[1] then redis.call('HDEL', KEYS[3], name) end
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 1

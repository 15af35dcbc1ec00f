-- The same secret under another key: only if nobody has put a new one meanwhile, and without a new rev, as it is no other secret.
-- KEYS account
-- ARGV secret before, secret after, imported before ('' for none), imported after
local found = redis.call('HMGET', KEYS[1], 'secret', 'imported')
if found[1] ~= ARGV[1] or (found[2] or '') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'secret', ARGV[2])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'imported', ARGV[4]) end
return 1

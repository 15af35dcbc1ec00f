-- Changes with every release of the account, and with every release of an app: who saw a block before does not put it back.
local function releasesOf(key, account)
  local found = redis.call('HMGET', key, account, '')
  return (found[1] or '0') .. ':' .. (found[2] or '0')
end

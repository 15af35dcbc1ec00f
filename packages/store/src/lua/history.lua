-- The history of this Redis, by its replication id: another one with every restart and every failover, after which writes may be
-- missing. Gives its name, since when it is known here (epoch ms), and whether it began with a failover. Source: Redis docs, replication.
local function presentHistory(key)
  local info = redis.call('INFO', 'replication')
  local id = string.sub(string.match(info, 'master_replid:(%x+)'), 1, 12)
  local promoted = string.find(info, 'master_replid2:0000000000', 1, true) == nil
  local known = redis.call('HMGET', key, 'id', 'since')
  if known[1] == id then return id, tonumber(known[2]), promoted end
  local time = redis.call('TIME')
  local since = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', key, 'id', id, 'since', string.format('%.0f', since))
  return id, since, promoted
end

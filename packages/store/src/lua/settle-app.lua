-- What came of a call of an app.
-- KEYS limits, spent (in the month of the call), park
-- ARGV now ('': by the clock of Redis), endpoint, outcome, cost (micro-dollars), cause of a park ('': none), its detail, how long it
--      lasts (ms), what X said of its windows (see windows.lua)
-- Gives 'parked' where it was not before, 'released' where it was, or 'same'; the cause; until when (epoch ms).
local now, outcome = timeOf(ARGV[1]), ARGV[3]
if outcome == 'not_sent' then giveCallBack(KEYS[1], ARGV[2], now) end
if outcome == 'not_sent' or outcome == 'refused' then pay(KEYS[2], -tonumber(ARGV[4])) end
learnReports(KEYS[1], ARGV[2], 8, now)
local park = redis.call('HMGET', KEYS[3], 'cause', 'until')
if ARGV[5] ~= '' then
  local untilAt = now + ARGV[7]
  if not park[1] then redis.call('HSET', KEYS[3], 'since', string.format('%.0f', now)) end
  redis.call('HSET', KEYS[3], 'cause', ARGV[5], 'detail', ARGV[6], 'until', string.format('%.0f', untilAt))
  redis.call('HDEL', KEYS[3], 'probe')
  -- Nobody may call for long; a park that is looked at by nobody is over some day.
  redis.call('PEXPIRE', KEYS[3], ARGV[7] + 7 * 86400000)
  return { park[1] and 'same' or 'parked', ARGV[5], string.format('%.0f', untilAt) }
end
-- Calls that were under way when it was parked say nothing of how it is now.
if not park[1] or tonumber(park[2]) > now then return { 'same', '', 0 } end
if outcome == 'done' then
  redis.call('DEL', KEYS[3])
  return { 'released', park[1], 0 }
end
redis.call('HDEL', KEYS[3], 'probe')
return { 'same', '', 0 }

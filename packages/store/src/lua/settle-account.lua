-- What came of a call of an account.
-- KEYS limits, spent (in the month of the call)
-- ARGV now ('': by the clock of Redis), endpoint, outcome, cost (micro-dollars),
--      '' or, for a refusal that names no reset, a number in [0, 1) to spread those who wait; what X said of its windows (see windows.lua)
-- Says how long the endpoint is shut for want of a reset, in ms.
local now, endpoint, outcome = timeOf(ARGV[1]), ARGV[2], ARGV[3]
if outcome == 'not_sent' then giveCallBack(KEYS[1], endpoint, now) end
if outcome == 'not_sent' or outcome == 'refused' then pay(KEYS[2], -tonumber(ARGV[4])) end
learnReports(KEYS[1], endpoint, 6, now)
local blindField = endpoint .. ' blind'
if ARGV[5] == '' then
  if outcome == 'done' then redis.call('HDEL', KEYS[1], blindField) end
  return 0
end
-- At least a minute, longer each time, a quarter of an hour at most. Source: X's own samples.
local times = redis.call('HINCRBY', KEYS[1], blindField, 1) - 1
local shutMs = math.floor(60000 + math.min(14 * 60000, 60000 * 2 ^ math.min(times, 10)) * (0.1 + 0.9 * ARGV[5]))
local window = readWindows(KEYS[1], endpoint)['15m']
if not window or window.ends <= now then window = openWindow(window) end
window.shut = math.max(window.shut, now + shutMs)
window.ends = math.max(window.ends, window.shut)
writeWindow(KEYS[1], endpoint, '15m', window)
keepWindows(KEYS[1])
return string.format('%.0f', shutMs)

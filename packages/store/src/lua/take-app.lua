-- Takes a call, and what it costs, of an app; or says what is in the way, and takes nothing.
-- KEYS limits, spent (in the month of the call), park
-- ARGV now ('': by the clock of Redis), endpoint, known limits (JSON), cost (micro-dollars), budget ('': none),
--      end of the month (epoch ms), how long a probe may take (ms), 1 for a look: the budget is not asked
-- Gives 'taken'; or 'parked', its cause, its detail, ms to wait; 'budget', the budget, what is spent of it, ms to wait;
--       'window', its name, its limit (-1: not known), ms to wait.
local now, cost = timeOf(ARGV[1]), tonumber(ARGV[4])
local park = redis.call('HMGET', KEYS[3], 'cause', 'detail', 'until', 'probe')
if park[1] then
  local untilAt = math.max(tonumber(park[3]), tonumber(park[4] or 0))
  if untilAt > now then return { 'parked', park[1], park[2], string.format('%.0f', untilAt - now) } end
end
if cost > 0 and ARGV[5] ~= '' and ARGV[8] ~= '1' then
  local spent = tonumber(redis.call('GET', KEYS[2]) or 0)
  if spent + cost > tonumber(ARGV[5]) then
    return { 'budget', ARGV[5], string.format('%.0f', spent), string.format('%.0f', ARGV[6] - now) }
  end
end
local window, limit, waitMs = takeCall(KEYS[1], ARGV[2], cjson.decode(ARGV[3]), { ['24h'] = true }, now)
if window then return { 'window', window, limit, string.format('%.0f', waitMs) } end
-- The time is over, but not the reason, perhaps: this one finds out, and the others wait for it.
if park[1] then redis.call('HSET', KEYS[3], 'probe', string.format('%.0f', now + ARGV[7])) end
pay(KEYS[2], cost)
return { 'taken' }

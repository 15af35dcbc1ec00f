-- Takes a call, and what it costs, of an account; or says what is in the way, and takes nothing.
-- KEYS limits, spent (in the month of the call), blocks, account
-- ARGV now ('': by the clock of Redis), account id, endpoint, known limits by tier (JSON), tier of an account without one of its own,
--      cost (micro-dollars), end of the month (epoch ms), 1 for a look: neither blocks nor the budget are asked
-- Gives 'taken'; or 'blocked', the block (JSON), now; 'budget', the budget, what is spent of it, ms to wait;
--       'window', its name, its limit (-1: not known), ms to wait.
local now, cost = timeOf(ARGV[1]), tonumber(ARGV[6])
local stored = redis.call('HGET', KEYS[4], 'settings')
local settings = stored and cjson.decode(stored) or {}
local tier = type(settings.tier) == 'string' and settings.tier or ARGV[5]
if ARGV[8] ~= '1' then
  local json = redis.call('HGET', KEYS[3], ARGV[2])
  if json then
    local blocks = cjson.decode(json)
    local function stands(block)
      return type(block) == 'table' and (type(block['until']) ~= 'number' or block['until'] > now)
    end
    local block = stands(blocks.paused) and blocks.paused or stands(blocks.block) and blocks.block
    if block then return { 'blocked', cjson.encode(block), string.format('%.0f', now) } end
  end
  if cost > 0 and type(settings.monthlyBudgetUsd) == 'number' then
    local budget = math.floor(settings.monthlyBudgetUsd * 1000000 + 0.5)
    local spent = tonumber(redis.call('GET', KEYS[2]) or 0)
    if spent + cost > budget then
      return { 'budget', string.format('%.0f', budget), string.format('%.0f', spent), string.format('%.0f', ARGV[7] - now) }
    end
  end
end
local window, limit, waitMs = takeCall(KEYS[1], ARGV[3], cjson.decode(ARGV[4])[tier] or {},
  { ['15m'] = true, ['24h'] = true }, now)
if window then return { 'window', window, limit, string.format('%.0f', waitMs) } end
pay(KEYS[2], cost)
return { 'taken' }

-- The windows in which X counts the calls of one owner, an account or an app: fields "<endpoint> <window>" of a hash, each
-- "end taken others limit shut told".
--   end: when it opens anew (epoch ms), as X says (told 1) or counted from our first call in it (told 0)
--   taken: calls of ours in it, also those under way; others: what X counted beyond them, so that answers may come in any order
--   limit: X's own word, or -1 while only the tier's is known; shut: nothing goes before this instant
local WINDOW_MS = { ['15m'] = 900000, ['3h'] = 10800000, ['24h'] = 86400000 }
local WINDOW_NAMES = { '15m', '3h', '24h' }
-- Two words of X for one reset differ by the seconds that it rounds to and the way of an answer; a later window by far more.
local SAME_RESET_MS = 60000

local function timeOf(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function readWindow(text)
  local read = {}
  for number in string.gmatch(text, '%S+') do read[#read + 1] = tonumber(number) end
  return { ends = read[1], taken = read[2], others = read[3], limit = read[4], shut = read[5], told = read[6] }
end

local function readWindows(key, endpoint)
  local windows = {}
  local found = redis.call('HMGET', key, endpoint .. ' 15m', endpoint .. ' 3h', endpoint .. ' 24h')
  for i, name in ipairs(WINDOW_NAMES) do
    if found[i] then windows[name] = readWindow(found[i]) end
  end
  return windows
end

local function writeWindow(key, endpoint, name, window)
  redis.call('HSET', key, endpoint .. ' ' .. name, string.format('%.0f %.0f %.0f %.0f %.0f %d', window.ends, window.taken,
    window.others, window.limit, window.shut, window.told))
end

-- Kept for a day after the last call: what X said of its limits is good for the next windows as well.
local function keepWindows(key)
  redis.call('PEXPIRE', key, 2 * WINDOW_MS['24h'])
end

-- A fresh window, before its first call; what X said of its limit stays.
local function openWindow(before)
  return { ends = 0, taken = 0, others = 0, limit = before and before.limit or -1, shut = before and before.shut or 0, told = 0 }
end

-- Takes one call from each window, or none: then says the one that is longest spent, its limit, and the ms until it opens.
-- known: the limits of the tier by window. told: the windows that X may speak of, which are counted whatever is known, so that calls
-- under way count when it does.
local function takeCall(key, endpoint, known, told, now)
  local windows = readWindows(key, endpoint)
  local counted, spent, limitSpent, waitMs = {}, false, -1, 0
  for _, name in ipairs(WINDOW_NAMES) do
    local window = windows[name]
    if not window or window.ends <= now then window = (window or known[name] or told[name]) and openWindow(window) end
    if window then
      local limit = window.limit >= 0 and window.limit or tonumber(known[name] or -1)
      local opensAt = 0
      if limit >= 0 and window.taken + window.others >= limit then
        opensAt = window.ends > now and window.ends or now + WINDOW_MS[name]
      end
      opensAt = math.max(opensAt, window.shut)
      if opensAt - now > waitMs then spent, limitSpent, waitMs = name, limit, opensAt - now end
      counted[name] = window
    end
  end
  if spent then return spent, limitSpent, waitMs end
  for name, window in pairs(counted) do
    if window.ends <= now then window.ends = now + WINDOW_MS[name] end
    window.taken = window.taken + 1
    writeWindow(key, endpoint, name, window)
  end
  if next(counted) then keepWindows(key) end
  return nil
end

-- A call that X has not seen.
local function giveCallBack(key, endpoint, now)
  for name, window in pairs(readWindows(key, endpoint)) do
    if window.ends > now and window.taken > 0 then
      window.taken = window.taken - 1
      writeWindow(key, endpoint, name, window)
    end
  end
end

-- Folds what X said of one window; limit, remaining and resetInMs are -1 where it did not say.
local function learnWindow(window, name, limit, remaining, resetInMs, now)
  if window.ends <= now then window = openWindow(window) end
  local resetAt = resetInMs > 0 and now + resetInMs or nil
  -- An answer that was long under way speaks of a window that is over.
  if resetAt and window.told == 1 and resetAt < window.ends - SAME_RESET_MS then return window end
  if resetAt and window.told == 1 and resetAt > window.ends + SAME_RESET_MS then window = openWindow(window) end
  if window.ends == 0 then
    window.ends, window.taken = now + WINDOW_MS[name], 1
  end
  if resetAt then
    window.ends = window.told == 1 and math.max(window.ends, resetAt) or resetAt
    window.told = 1
  end
  if limit >= 0 then window.limit = limit end
  if limit >= 0 and remaining >= 0 then window.others = math.max(window.others, limit - remaining - window.taken) end
  if limit < 0 and remaining == 0 and resetAt then window.shut = math.max(window.shut, resetAt) end
  return window
end

-- Folds what X said, from the place `from` of ARGV on: window, limit, remaining, resetInMs, shut; window after window.
local function learnReports(key, endpoint, from, now)
  if from > #ARGV then return end
  local windows = readWindows(key, endpoint)
  for i = from, #ARGV, 5 do
    local name, resetInMs = ARGV[i], tonumber(ARGV[i + 3])
    local window = learnWindow(windows[name] or openWindow(nil), name, tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), resetInMs, now)
    if ARGV[i + 4] == '1' and resetInMs > 0 then window.shut = math.max(window.shut, now + resetInMs) end
    writeWindow(key, endpoint, name, window)
  end
  keepWindows(key)
end

-- What was paid is kept for a month after its own.
local function pay(key, cost)
  if cost == 0 then return end
  redis.call('INCRBY', key, string.format('%.0f', cost))
  redis.call('PEXPIRE', key, 62 * 86400000)
end

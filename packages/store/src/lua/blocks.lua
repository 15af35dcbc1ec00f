-- What keeps an account from posting: { paused = Block, block = Block }, of which either may be missing.
local function blocksOf(key, account)
  local json = redis.call('HGET', key, account)
  return json and cjson.decode(json) or {}
end

local function putBlocks(key, account, blocks)
  if next(blocks) then
    redis.call('HSET', key, account, cjson.encode(blocks))
  else
    redis.call('HDEL', key, account)
  end
end

-- Of a block, or of nothing: when it has ended; math.huge for one that somebody has to end.
local function endOf(block)
  if not block then return 0 end
  return block['until'] == cjson.null and math.huge or tonumber(block['until'])
end

-- When an account that is held back may go on: nil where nothing holds it, false where somebody has to release it.
local function heldUntil(blocks, now)
  local till = blocks.paused and math.huge or endOf(blocks.block)
  if till <= now then return nil end
  return till < math.huge and till
end

local function tellOfAccount(events, eventsSince, account, kind, block, now)
  local event = cjson.encode({ type = 'account.' .. kind, at = now, data = block })
  redis.call('XADD', events, 'MINID', '~', eventsSince, '*', 'a', account, 'e', event)
end

-- Notes a block, unless one that is as strong is there: of the same cause, or a longer one. Says whether it was noted.
local function strengthen(blocks, block, now)
  local known = blocks.block
  local holds = endOf(known) > now
  if holds and (known.cause == block.cause or endOf(known) >= endOf(block)) then return false end
  blocks.block = block
  return true
end

-- A post got through after a block had passed by itself: the block is over for good.
local function endPassedBlock(key, events, eventsSince, account, now)
  local blocks = blocksOf(key, account)
  if not blocks.block or endOf(blocks.block) > now then return end
  tellOfAccount(events, eventsSince, account, 'released', blocks.block, now)
  blocks.block = nil
  putBlocks(key, account, blocks)
end

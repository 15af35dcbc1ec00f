-- Ends what holds accounts back; their posts go on at once. Says how many there were.
-- KEYS blocks, events, ring, releases
-- ARGV eventsSince, channel, prefix of backlogs, what: 'pause', 'block' or 'both', app or '' for any, accounts...
local now = nowMs()
local released = 0
for i = 6, #ARGV do
  local account = ARGV[i]
  local blocks = blocksOf(KEYS[1], account)
  local ended = {}
  if ARGV[4] ~= 'block' and blocks.paused then
    ended[1], blocks.paused = blocks.paused, nil
  end
  if ARGV[4] ~= 'pause' and blocks.block and (ARGV[5] == '' or blocks.block.app == ARGV[5]) then
    ended[#ended + 1], blocks.block = blocks.block, nil
  end
  for _, block in ipairs(ended) do tellOfAccount(KEYS[2], ARGV[1], account, 'released', block, now) end
  if #ended > 0 then
    released = released + 1
    putBlocks(KEYS[1], account, blocks)
  end
  -- Whoever has met a block that was not noted yet is not to note it now.
  if ARGV[5] == '' then redis.call('HINCRBY', KEYS[4], account, 1) end
  if #ended > 0 and joinRing(KEYS[3], ARGV[3] .. account, account, now, true) then redis.call('PUBLISH', ARGV[2], account) end
end
return released

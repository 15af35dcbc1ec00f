-- Its owner holds an account back. KEYS blocks, events. ARGV account, block, eventsSince
local blocks = blocksOf(KEYS[1], ARGV[1])
if blocks.paused then return end
blocks.paused = cjson.decode(ARGV[2])
putBlocks(KEYS[1], ARGV[1], blocks)
tellOfAccount(KEYS[2], ARGV[3], ARGV[1], 'blocked', blocks.paused, nowMs())

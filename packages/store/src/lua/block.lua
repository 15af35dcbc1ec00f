-- Something holds an account back. KEYS blocks, events. ARGV account, block, eventsSince
local now = nowMs()
local blocks = blocksOf(KEYS[1], ARGV[1])
local block = cjson.decode(ARGV[2])
if not strengthen(blocks, block, now) then return end
putBlocks(KEYS[1], ARGV[1], blocks)
tellOfAccount(KEYS[2], ARGV[3], ARGV[1], 'blocked', block, now)

-- Takes the first free one of some instants for a post, and says which, or nothing. An instant is taken by a post that is due then,
-- or by a claim that is younger than a minute: that of a post which is about to be made. Who had a time already gives it up for it.
-- KEYS schedule of the account, claim of this post
-- ARGV post id, prefix of post keys, prefix of claims, claimMs, instants (epoch ms, ascending, at most 500)
for i = 5, #ARGV do
  local free = true
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[i], ARGV[i], 'LIMIT', 0, 10)) do
    if id ~= ARGV[1] then
      if redis.call('EXISTS', ARGV[2] .. id, ARGV[3] .. id) > 0 then
        free = false
        break
      end
      redis.call('ZREM', KEYS[1], id)
    end
  end
  if free then
    redis.call('ZADD', KEYS[1], ARGV[i], ARGV[1])
    redis.call('SET', KEYS[2], '', 'PX', ARGV[4])
    return ARGV[i]
  end
end
return nil

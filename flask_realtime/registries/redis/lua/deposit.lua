-- Lets an item wait for a client's browser, behind what waits already.
local waiting, item, most, lives = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

redis.call('RPUSH', waiting, item)
redis.call('LTRIM', waiting, -most, -1)
redis.call('PEXPIRE', waiting, lives)
return 0

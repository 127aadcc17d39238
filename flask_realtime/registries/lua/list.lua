-- Puts channels on the list of known ones, to stay there for a while, and takes old ones off.
local list, lives = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for i = 2, #ARGV do
    redis.call('ZADD', list, string.format('%.0f', now + lives), ARGV[i])
end
redis.call('ZREMRANGEBYSCORE', list, '-inf', string.format('%.0f', now))
redis.call('PEXPIRE', list, string.format('%.0f', lives))
return 0

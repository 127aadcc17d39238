-- Notes when a user was disconnected, or put out of a channel: age ms ago.
local user, lives, most, age = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local field = ARGV[4] and 'left:' .. ARGV[4] or 'ended'

-- A Redis that is out of memory refuses what takes memory, unless the script has written before. The
-- end must be noted then as well, because connect.lua, which writes in this way, lets pages in.
redis.call('PEXPIRE', user, ARGV[1])
local now = now_in_ms()
local before = tonumber(redis.call('HGET', user, field) or '0')
redis.call('HSET', user, field, as_moment(math.max(now - age, before)))
redis.call('PEXPIRE', user, ARGV[1])
if redis.call('HLEN', user) > most then
    -- What is older than any client's subscription can be.
    local fields = redis.call('HGETALL', user)
    for i = 1, #fields, 2 do
        if tonumber(fields[i + 1]) < now - lives then
            redis.call('HDEL', user, fields[i])
        end
    end
end
return 0

-- Writes the tombstone of a user: age ms ago, the user was disconnected, or put out of the channel that
-- ARGV[4] names.
local user, lives, most, age = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local field = ARGV[4] and 'left:' .. ARGV[4] or 'ended'

-- A Redis that is out of memory refuses commands that take memory, unless the script has written
-- before: hence this PEXPIRE. The tombstone must be written even then, because connect.lua, which does
-- the same, goes on letting pages in.
redis.call('PEXPIRE', user, ARGV[1])
local now = now_in_ms()
local before = tonumber(redis.call('HGET', user, field) or '0')
redis.call('HSET', user, field, as_moment(math.max(now - age, before)))
redis.call('PEXPIRE', user, ARGV[1])
if redis.call('HLEN', user) > most then
    -- Fields that are older than any subscription of a living client can be.
    local fields = redis.call('HGETALL', user)
    for i = 1, #fields, 2 do
        if tonumber(fields[i + 1]) < now - lives then
            redis.call('HDEL', user, fields[i])
        end
    end
end
return 0

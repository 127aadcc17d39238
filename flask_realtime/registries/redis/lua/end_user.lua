-- Writes the tombstone of a user: age ms ago, the user was disconnected, or put out of the channel that
-- ARGV[5] names. Returns the moment that it has noted; or 1, having done nothing, if over_at is over: age
-- is too small then, and the caller has given up this call, and tries again.
-- The tombstone is a hash with these fields; a moment is a time in ms since 1970:
--   ended           the moment at which the user was last disconnected
--   left:CHANNEL    the moment at which the user was last put out of the channel
--   latest          the latest moment at which the user was put out of any channel
--   forgotten       the moment until which fields left:CHANNEL may be missing: the user counts as put
--                   out of every channel then
local user, lives, most, age = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local over_at, channel = tonumber(ARGV[4]), ARGV[5]

local function note(field, moment)
    local before = tonumber(redis.call('HGET', user, field) or '0')
    redis.call('HSET', user, field, as_moment(math.max(moment, before)))
end

-- Removes the older half of the fields left:CHANNEL.
local function forget_older_half()
    local moments, by_field = {}, {}
    local fields = redis.call('HGETALL', user)
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 5) == 'left:' then
            moments[#moments + 1] = tonumber(fields[i + 1])
            by_field[fields[i]] = tonumber(fields[i + 1])
        end
    end
    table.sort(moments)
    local newest = moments[math.ceil(#moments / 2)]
    for field, moment in pairs(by_field) do
        if moment <= newest then
            redis.call('HDEL', user, field)
        end
    end
    note('forgotten', newest)
end

if now_in_ms() > over_at then
    return 1
end
-- A Redis that is out of memory refuses commands that take memory, unless the script has written
-- before: hence this PEXPIRE. The tombstone must be written even then, because connect.lua, which does
-- the same, goes on letting pages in.
redis.call('PEXPIRE', user, lives)
local moment = now_in_ms() - age
if channel then
    -- Later than the last time, and so than what the user has asked for in the same ms since (see asked_at);
    -- but for a clock that was set back.
    local before = tonumber(redis.call('HGET', user, 'left:' .. channel) or '0')
    if age == '0' and before >= moment and before < moment + MOST_AHEAD then
        moment = before + 1
    end
    note('left:' .. channel, moment)
    note('latest', moment)
    if redis.call('HLEN', user) > most then
        forget_older_half()
    end
else
    note('ended', moment)
end
redis.call('PEXPIRE', user, lives)
return as_moment(moment)

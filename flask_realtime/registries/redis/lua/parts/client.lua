-- The moment of a change of a client, later than any that it had before (see subscriptions.py).
local function note_change(client)
    local at = tonumber(redis.call('HGET', client, 'at') or '0')
    local moment = string.format('%.0f', math.max(present_moment(), at + 1))
    redis.call('HSET', client, 'at', moment)
    return moment
end

-- The names that a client has of a kind: its connections, its channels.
local function names_of(client, kind)
    local names = {}
    for _, field in ipairs(redis.call('HKEYS', client)) do
        if string.sub(field, 1, #kind) == kind then
            names[#names + 1] = string.sub(field, #kind + 1)
        end
    end
    return names
end

-- As many values as one call is sure to take.
local MOST_VALUES = 2000

local function begin_client(client, awaits, starts)
    local moment = note_change(client)
    local values = {'arrived', '0', 'began', moment}
    for i = 1, #starts, 2 do
        values[#values + 1] = 'since:' .. starts[i]
        values[#values + 1] = starts[i + 1] .. ':' .. moment
    end
    redis.call('HSET', client, unpack(values))
    redis.call('PEXPIRE', client, awaits)
end

-- Remembers of a client that has left too many channels only until when it may have left some.
local function forget_left(client, most)
    local names = names_of(client, 'left:')
    if #names <= most then
        return
    end
    local forgotten = tonumber(redis.call('HGET', client, 'forgotten') or '0')
    for _, name in ipairs(names) do
        forgotten = math.max(forgotten, redis.call('HGET', client, 'left:' .. name))
        redis.call('HDEL', client, 'left:' .. name)
    end
    redis.call('HSET', client, 'forgotten', string.format('%.0f', forgotten))
end

-- Subscribes a client, unless its session has ended; starts has each channel's name and, behind it,
-- the position to begin at. Returns the names of its connections.
local function subscribe(client, session, awaits, starts)
    if heir_of(session) then
        return {}
    end
    if #starts <= MOST_VALUES and redis.call('EXISTS', client) == 0 then
        begin_client(client, awaits, starts)
        return {}
    end
    local moment = note_change(client)
    for i = 1, #starts, 2 do
        local field = 'since:' .. starts[i]
        -- One that is subscribed to keeps its place, and is newer now than what others know.
        local since = redis.call('HGET', client, field)
        local position = since and string.match(since, '^(.*):') or starts[i + 1]
        redis.call('HSET', client, field, position .. ':' .. moment)
        redis.call('HDEL', client, 'left:' .. starts[i])
    end
    redis.call('HDEL', client, 'unknown')
    redis.call('HSETNX', client, 'began', moment)
    redis.call('HSETNX', client, 'arrived', '0')
    if redis.call('HGET', client, 'arrived') == '0' then
        redis.call('PEXPIRE', client, awaits)
    end
    return names_of(client, 'connection:')
end

-- Notes how far a connection was sent, unless a newer one of its client has come; of ARGV, the
-- names, each with its position behind it, from one index to another. Returns whether it is the
-- newest.
local function note_sent(client, connection, first, last, step)
    local is_newest = (redis.call('HGET', client, 'latest') or connection) == connection
    for i = first, is_newest and last or 0, step do
        if redis.call('HEXISTS', client, 'since:' .. ARGV[i]) == 1 then
            redis.call('HSET', client, 'sent:' .. ARGV[i], ARGV[i + 1])
        end
    end
    return is_newest
end

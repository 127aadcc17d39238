-- A client is a hash of
--   since:CHANNEL     where the subscription begins (see starts.py), and the moment of that
--   sent:CHANNEL      how far the client's newest connection was sent
--   left:CHANNEL      the moment at which the client left the channel
--   channels, lefts   how many fields of the first and of the last kind there are
--   connections       the names of the open connections, with spaces between them
--   latest            the connection that came last, while it is there
--   arrived           0 until the first connection comes, then 1
--   unknown           there while connections alone have made the client, and none was refreshed
--   began             the moment at which the client was first heard of, or the request came that
--                     subscribed it first
--   at, forgotten     moments (see subscriptions.py)

local function number_of(client, field)
    return tonumber(redis.call('HGET', client, field) or '0')
end

-- The moment of a change of a client, later than any that it had before (see subscriptions.py).
local function next_moment(client)
    return as_moment(math.max(now_in_ms(), number_of(client, 'at') + 1))
end

local function connections_of(client)
    local names = {}
    for name in string.gmatch(redis.call('HGET', client, 'connections') or '', '%S+') do
        names[#names + 1] = name
    end
    return names
end

-- The names of a client's connections but for one, and whether that one is among them.
local function other_connections(client, connection)
    local others = {}
    local names = connections_of(client)
    for _, name in ipairs(names) do
        if name ~= connection then
            others[#others + 1] = name
        end
    end
    return others, #others < #names
end

-- Adds a connection; returns whether it was not there.
local function add_connection(client, connection)
    local names, is_known = other_connections(client, connection)
    names[#names + 1] = connection
    redis.call('HSET', client, 'connections', table.concat(names, ' '))
    return not is_known
end

-- Subscribes a client to one channel; the value is its position and the moment.
local function enter(client, name, value)
    if redis.call('HSET', client, 'since:' .. name, value) == 1 then
        redis.call('HINCRBY', client, 'channels', 1)
    end
    if redis.call('HDEL', client, 'left:' .. name) == 1 then
        redis.call('HINCRBY', client, 'lefts', -1)
    end
end

-- Unsubscribes a client from one channel, at a moment.
local function leave(client, name, moment)
    -- First: a Redis that is out of memory refuses nothing behind it.
    if redis.call('HDEL', client, 'since:' .. name) == 1 then
        redis.call('HINCRBY', client, 'channels', -1)
        redis.call('HDEL', client, 'sent:' .. name)
    end
    if redis.call('HSET', client, 'left:' .. name, moment) == 1 then
        redis.call('HINCRBY', client, 'lefts', 1)
    end
end

-- Remembers of a client that has left too many channels only until when it may have left some.
local function forget_left(client, most)
    if number_of(client, 'lefts') <= most then
        return
    end
    local forgotten = number_of(client, 'forgotten')
    for _, field in ipairs(redis.call('HKEYS', client)) do
        if string.sub(field, 1, 5) == 'left:' then
            forgotten = math.max(forgotten, redis.call('HGET', client, field))
            redis.call('HDEL', client, field)
        end
    end
    redis.call('HDEL', client, 'lefts')
    redis.call('HSET', client, 'forgotten', as_moment(forgotten))
end

-- Whether nobody has ever subscribed a client, or taken it off a channel.
local function is_blank(client)
    return number_of(client, 'channels') == 0 and number_of(client, 'lefts') == 0
        and redis.call('HEXISTS', client, 'forgotten') == 0
end

-- How many channels a client is on, if with these it would be on too many; nothing otherwise.
local function too_many(client, most, names)
    local count = number_of(client, 'channels')
    if count + #names <= most then
        return nil
    end
    local new = 0
    for _, name in ipairs(names) do
        new = new + 1 - redis.call('HEXISTS', client, 'since:' .. name)
    end
    return count + new > most and count or nil
end

-- As many values as one call is sure to take.
local MOST_VALUES = 2000

-- When a client began whose request came so many ms ago.
local function began_before(age)
    return as_moment(now_in_ms() - age)
end

local function begin_client(client, awaits, age, names, positions)
    local moment = next_moment(client)
    local values = {'at', moment, 'began', began_before(age), 'arrived', '0', 'channels', #names}
    for i, name in ipairs(names) do
        values[#values + 1] = 'since:' .. name
        values[#values + 1] = positions[i] .. ':' .. moment
    end
    redis.call('HSET', client, unpack(values))
    redis.call('PEXPIRE', client, awaits)
end

-- Whether a view's decorator made the subscription that begins so (see starts.py): it is no longer the
-- decorator's once the app has subscribed as well.
local function is_by_view(start)
    return string.sub(start, 1, 1) == 'v'
end

-- Subscribes a client to channels, each from its start on; the request that asks for it came so many
-- ms ago. Returns the names of the client's connections.
local function subscribe(client, awaits, age, names, positions)
    if 2 * #names <= MOST_VALUES and redis.call('EXISTS', client) == 0 then
        begin_client(client, awaits, age, names, positions)
        return {}
    end
    local moment = next_moment(client)
    redis.call('HSET', client, 'at', moment)
    for i, name in ipairs(names) do
        -- One that is subscribed to keeps its place, and is newer now than what others know.
        local since = redis.call('HGET', client, 'since:' .. name)
        local position = since and string.match(since, '^(.*):') or positions[i]
        if since and is_by_view(position) and not is_by_view(positions[i]) then
            position = string.sub(position, 2)
        end
        enter(client, name, position .. ':' .. moment)
    end
    redis.call('HDEL', client, 'unknown')
    redis.call('HSETNX', client, 'began', began_before(age))
    redis.call('HSETNX', client, 'arrived', '0')
    if redis.call('HGET', client, 'arrived') == '0' then
        redis.call('PEXPIRE', client, awaits)
    end
    return connections_of(client)
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

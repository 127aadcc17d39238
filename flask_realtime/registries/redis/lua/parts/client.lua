-- A client is a hash with these fields; a moment is a time in ms since 1970:
--   since:CHANNEL     the start of the subscription (see starts.py), a colon, and its moment
--   sent:CHANNEL      the position up to which the client's newest connection was sent
--   left:CHANNEL      the moment at which the client left the channel
--   channels          how many fields since:CHANNEL there are
--   lefts             how many fields left:CHANNEL there are
--   connections       the names of the open connections, with spaces between them
--   latest            the connection that came last, while it is open
--   arrived           0 until the first connection comes, then 1
--   unknown           there while nobody has subscribed the client, and no connection was refreshed
--   began             the moment of the request that first subscribed the client, or that asked for its
--                     page; or else of its first connection
--   at                the moment of the last change of subscriptions
--   forgotten         the moment until which fields left:CHANNEL may be missing (see subscriptions.py)

local function number_of(client, field)
    return tonumber(redis.call('HGET', client, field) or '0')
end

-- Returns the moment for a change that is made now: later than that of the client's last change, even
-- if the clock was set back (see subscriptions.py).
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

-- Returns the names of a client's connections without one of them, and whether that one was there.
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

-- Adds a connection to a client. Returns whether it is new.
local function add_connection(client, connection)
    local names, is_known = other_connections(client, connection)
    names[#names + 1] = connection
    redis.call('HSET', client, 'connections', table.concat(names, ' '))
    return not is_known
end

-- Subscribes a client to one channel. value is the start, a colon, and the moment.
local function enter(client, name, value)
    if redis.call('HSET', client, 'since:' .. name, value) == 1 then
        redis.call('HINCRBY', client, 'channels', 1)
    end
    if redis.call('HDEL', client, 'left:' .. name) == 1 then
        redis.call('HINCRBY', client, 'lefts', -1)
    end
end

-- Unsubscribes a client from one channel. moment is when.
local function leave(client, name, moment)
    -- HDEL comes first: after it, a Redis that is out of memory does not refuse the HSET below.
    if redis.call('HDEL', client, 'since:' .. name) == 1 then
        redis.call('HINCRBY', client, 'channels', -1)
        redis.call('HDEL', client, 'sent:' .. name)
    end
    if redis.call('HSET', client, 'left:' .. name, moment) == 1 then
        redis.call('HINCRBY', client, 'lefts', 1)
    end
end

-- Removes all fields left:CHANNEL of a client that has more than most of them, and notes the latest of
-- their moments as forgotten.
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

-- Returns whether a client was never subscribed to a channel, nor unsubscribed from one.
local function is_blank(client)
    return number_of(client, 'channels') == 0 and number_of(client, 'lefts') == 0
        and redis.call('HEXISTS', client, 'forgotten') == 0
end

-- Returns the number of a client's channels if these would make it more than most; otherwise nil.
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

-- How many arguments redis.call takes for certain: Lua's unpack has a limit of about 8,000.
local MOST_VALUES = 2000

-- A command that took longer, in ms, was held up on its way.
local MOST_ON_THE_WAY = 100

-- Returns the moment that was age ms ago. age may be followed by a colon and how many ms were left until
-- over_at when the command was sent: a command that was held up tells of no later request for that.
local function began_before(age, over_at)
    local ms, left = string.match(age, '^(%d+):?(%d*)$')
    local late = over_at and left ~= '' and now_in_ms() - (over_at - left) or 0
    return as_moment(now_in_ms() - ms - (late > MOST_ON_THE_WAY and late or 0))
end

-- Creates a client with subscriptions; faster than to make them one by one.
local function begin_client(client, awaits, age, over_at, names, positions)
    local moment = next_moment(client)
    local values = {'at', moment, 'began', began_before(age, over_at), 'arrived', '0', 'channels', #names}
    for i, name in ipairs(names) do
        values[#values + 1] = 'since:' .. name
        values[#values + 1] = positions[i] .. ':' .. moment
    end
    redis.call('HSET', client, unpack(values))
    redis.call('PEXPIRE', client, awaits)
end

-- Returns whether a start belongs to a subscription that a view's decorator made, and nothing else (see
-- starts.py).
local function is_by_view(start)
    return string.sub(start, 1, 1) == 'v'
end

-- Subscribes a client to channels. positions has the start of each; when the request came that asks for
-- them, age and over_at say as they do to began_before. Returns the names of the client's connections.
local function subscribe(client, awaits, age, over_at, names, positions)
    if 2 * #names <= MOST_VALUES and redis.call('EXISTS', client) == 0 then
        begin_client(client, awaits, age, over_at, names, positions)
        return {}
    end
    local moment = next_moment(client)
    redis.call('HSET', client, 'at', moment)
    for i, name in ipairs(names) do
        -- A subscription that is there keeps its start, but gets the new moment, so that no process
        -- undoes it that knows of an older change.
        local since = redis.call('HGET', client, 'since:' .. name)
        local position = since and string.match(since, '^(.*):') or positions[i]
        if since and is_by_view(position) and not is_by_view(positions[i]) then
            position = string.sub(position, 2)
        end
        enter(client, name, position .. ':' .. moment)
    end
    redis.call('HDEL', client, 'unknown')
    redis.call('HSETNX', client, 'began', began_before(age, over_at))
    redis.call('HSETNX', client, 'arrived', '0')
    if redis.call('HGET', client, 'arrived') == '0' then
        redis.call('PEXPIRE', client, awaits)
    end
    return connections_of(client)
end

-- Notes the positions up to which a connection was sent, unless its client has a newer connection. From
-- the index first to the index last of ARGV, every step values, there is a channel, followed by its
-- position. Returns whether the connection is the newest.
local function note_sent(client, connection, first, last, step)
    local is_newest = (redis.call('HGET', client, 'latest') or connection) == connection
    for i = first, is_newest and last or 0, step do
        if redis.call('HEXISTS', client, 'since:' .. ARGV[i]) == 1 then
            redis.call('HSET', client, 'sent:' .. ARGV[i], ARGV[i + 1])
        end
    end
    return is_newest
end

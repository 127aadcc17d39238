-- A client is a hash with these fields; a moment is a time in ms since 1970:
--   since:CHANNEL     the start of the subscription (see starts.py), a colon, and its moment; if it was
--                     asked for before that, then a minus, and how many ms before
--   sent:CHANNEL      the position up to which the client's newest connection was sent
--   left:CHANNEL      the moment at which the client left the channel
--   end:CHANNEL       the same moment, a colon, and the position of the last entry of the channel's log then;
--                     if the client was on the channel, then a space, and where its subscription had begun, with
--                     slashes for colons, since processes of earlier versions read three parts, of which they do
--                     not use the last; no field if the position is not known, as in a cluster
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

-- Returns the value of a field since:CHANNEL. asked is the moment of the request that asks for it.
local function since_of(start, moment, asked)
    local lag = moment - asked
    return start .. ':' .. as_moment(moment) .. (lag > 0 and '-' .. as_moment(lag) or '')
end

-- Returns what since_of was given for the value of a field since:CHANNEL.
local function read_since(value)
    local start, moment, lag = string.match(value, '^(.*):(%d+)%-?(%d*)$')
    return start, tonumber(moment), moment - (tonumber(lag) or 0)
end

-- Subscribes a client to one channel. value is what since_of returns.
local function enter(client, name, value)
    if redis.call('HSET', client, 'since:' .. name, value) == 1 then
        redis.call('HINCRBY', client, 'channels', 1)
    end
    redis.call('HDEL', client, 'end:' .. name)
    if redis.call('HDEL', client, 'left:' .. name) == 1 then
        redis.call('HINCRBY', client, 'lefts', -1)
    end
end

-- Unsubscribes a client from one channel. moment is when, and tail is the position of the log's last entry
-- then, if that is known.
local function leave(client, name, moment, tail)
    local since = redis.call('HGET', client, 'since:' .. name)
    -- HDEL comes first: after it, a Redis that is out of memory does not refuse the HSET below.
    if redis.call('HDEL', client, 'since:' .. name) == 1 then
        redis.call('HINCRBY', client, 'channels', -1)
        redis.call('HDEL', client, 'sent:' .. name)
        local begun = string.match((read_since(since)), '[^>]*$')
        tail = tail and tail .. ' ' .. string.gsub(begun, ':', '/')
    else
        -- A client that has left already left at the place of before, unless a process of an earlier version
        -- has noted another leave since.
        local at, place = string.match(redis.call('HGET', client, 'end:' .. name) or '', '^(%d+):(.*)$')
        tail = at and at == redis.call('HGET', client, 'left:' .. name) and place or tail
    end
    if redis.call('HSET', client, 'left:' .. name, moment) == 1 then
        redis.call('HINCRBY', client, 'lefts', 1)
    end
    if tail then
        redis.call('HSET', client, 'end:' .. name, moment .. ':' .. tail)
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
            redis.call('HDEL', client, field, 'end:' .. string.sub(field, 6))
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

-- Returns when a command was sent, in ms since 1970. sent is what its sender says, by the clock of Redis:
-- '' if that is not known. A command that was held up tells of no later request for that.
local function sent_at(sent)
    local now = now_in_ms()
    return sent ~= '' and now - sent > MOST_ON_THE_WAY and tonumber(sent) or now
end

-- Returns the moment at which a user was last put out of a channel (see end_user.lua); 0: never.
local function put_out_at(user, name)
    local found = redis.call('HMGET', user, 'left:' .. name, 'forgotten')
    return math.max(tonumber(found[1] or '0'), tonumber(found[2] or '0'))
end

-- Returns when a request asked for a channel: age ms before the command was sent. One that asks now asks
-- later than its user was put out of the channel, also if that was in the same ms.
local function asked_at(sent, age, user, name)
    local asked = sent - age
    local out = user and tonumber(age) == 0 and put_out_at(user, name) or 0
    return out >= asked and out < asked + MOST_AHEAD and out + 1 or asked
end

-- Creates a client with subscriptions; faster than to make them one by one.
local function begin_client(client, awaits, sent, age, channels, user)
    local moment = next_moment(client)
    local values = {'began', as_moment(sent - age), 'arrived', '0', 'channels', #channels.names}
    for i, name in ipairs(channels.names) do
        local asked = asked_at(sent, channels.ages[i], user, name)
        moment = as_moment(math.max(moment, asked))
        values[#values + 1] = 'since:' .. name
        values[#values + 1] = since_of(channels.starts[i], moment, asked)
    end
    values[#values + 1] = 'at'
    values[#values + 1] = moment
    redis.call('HSET', client, unpack(values))
    redis.call('PEXPIRE', client, awaits)
end

-- Returns whether a start belongs to a subscription that a view's decorator made, and nothing else (see
-- starts.py).
local function is_by_view(start)
    return string.sub(start, 1, 1) == 'v'
end

-- Returns the start of a subscription that is there already, and is made once more: known, but no longer as
-- one by a view's decorator if the other start is not.
local function kept_start(known, other)
    return is_by_view(known) and not is_by_view(other) and string.sub(known, 2) or known
end

-- Reads the channels of a request to subscribe from ARGV, from the index first on: each channel is followed
-- by its start, and behind them all it is said for each how many ms ago the request asked for it.
local function channels_from(first)
    local channels = {names = {}, starts = {}, ages = {}}
    local count = (#ARGV - first + 1) / 3
    for i = 1, count do
        channels.names[i] = ARGV[first + 2 * i - 2]
        channels.starts[i] = ARGV[first + 2 * i - 1]
        channels.ages[i] = ARGV[first + 2 * count + i - 1]
    end
    return channels
end

-- Subscribes a client to channels, for a request that came age ms before the command was sent (see
-- sent_at). Returns the names of the client's connections. user is the key of the tombstone of the request's
-- user, if that is known: a subscription begins anew that the user was put out of.
local function subscribe(client, awaits, sent, age, channels, user)
    sent = sent_at(sent)
    -- Most users were put out of nothing.
    user = user and redis.call('EXISTS', user) == 1 and user or nil
    if 2 * #channels.names <= MOST_VALUES and redis.call('EXISTS', client) == 0 then
        begin_client(client, awaits, sent, age, channels, user)
        return {}
    end
    local moment = next_moment(client)
    redis.call('HSET', client, 'at', moment)
    for i, name in ipairs(channels.names) do
        -- A subscription that is there keeps its start, but gets the new moment, so that no process
        -- undoes it that knows of an older change.
        local start, asked = channels.starts[i], asked_at(sent, channels.ages[i], user, name)
        local since = redis.call('HGET', client, 'since:' .. name)
        if since then
            local known, _, asked_before = read_since(since)
            if user and asked_before <= put_out_at(user, name) then
                redis.call('HDEL', client, 'sent:' .. name)
            else
                asked = math.max(asked, asked_before)
                start = kept_start(known, start)
            end
        end
        moment = as_moment(math.max(moment, asked))
        enter(client, name, since_of(start, moment, asked))
    end
    redis.call('HSET', client, 'at', moment)
    redis.call('HDEL', client, 'unknown')
    redis.call('HSETNX', client, 'began', as_moment(sent - age))
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

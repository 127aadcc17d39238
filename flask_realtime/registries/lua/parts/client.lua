-- Gives a client a new position, since what it is subscribed to has changed.
local function note_change(client, new_epoch, tag)
    local at = redis.call('HGET', client, 'at') or new_epoch .. ':0:'
    local epoch, seq = string.match(at, '^([^:]*):(%d+):')
    redis.call('HSET', client, 'at', string.format('%s:%.0f:%s', epoch, seq + 1, tag))
end

-- The tokens of a client's connections.
local function tokens_of(client)
    local tokens = {}
    for _, field in ipairs(redis.call('HKEYS', client)) do
        if string.sub(field, 1, 6) == 'token:' then
            tokens[#tokens + 1] = string.sub(field, 7)
        end
    end
    return tokens
end

-- As many values as one call is sure to take.
local MOST_VALUES = 2000

local function begin_client(client, awaits, new_epoch, tag, starts)
    local values = {'at', new_epoch .. ':1:' .. tag, 'arrived', '0'}
    for i = 1, #starts, 2 do
        values[#values + 1] = 'since:' .. starts[i]
        values[#values + 1] = starts[i + 1]
    end
    redis.call('HSET', client, unpack(values))
    redis.call('PEXPIRE', client, awaits)
end

-- Subscribes a client; starts has each channel's name and, behind it, the position to begin at.
-- Returns the tokens of its connections.
local function subscribe(client, awaits, new_epoch, tag, starts)
    if #starts <= MOST_VALUES and redis.call('EXISTS', client) == 0 then
        begin_client(client, awaits, new_epoch, tag, starts)
        return {}
    end
    local changes = 0
    for i = 1, #starts, 2 do
        changes = changes + redis.call('HSETNX', client, 'since:' .. starts[i], starts[i + 1])
    end
    if changes > 0 then
        note_change(client, new_epoch, tag)
    end
    redis.call('HDEL', client, 'unknown')
    redis.call('HSETNX', client, 'arrived', '0')
    if redis.call('HGET', client, 'arrived') == '0' then
        redis.call('PEXPIRE', client, awaits)
    end
    return tokens_of(client)
end

-- Notes how far a connection was sent, unless a newer one of its client has come; of ARGV, the
-- names and positions from one index on. Returns whether it is the newest.
local function note_sent(client, token, first)
    local is_newest = (redis.call('HGET', client, 'latest') or token) == token
    for i = first, is_newest and #ARGV or 0, 2 do
        if redis.call('HEXISTS', client, 'since:' .. ARGV[i]) == 1 then
            redis.call('HSET', client, 'sent:' .. ARGV[i], ARGV[i + 1])
        end
    end
    return is_newest
end

-- Brings a client to what its process knew of it at a moment, in all that Redis has lost since (see
-- subscriptions.py): the connection, subscriptions, and the ends of some. Returns it as it is now.
local client, token, lives, moment = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local function number(field)
    return tonumber(redis.call('HGET', client, field) or '0')
end

local known, forgotten = {}, number('forgotten')
for i = 4, #ARGV, 2 do
    local name, since = ARGV[i], ARGV[i + 1] .. ':' .. ARGV[3]
    known[name] = true
    if math.max(number('left:' .. name), forgotten) < moment then
        redis.call('HSETNX', client, 'since:' .. name, since)
        redis.call('HDEL', client, 'left:' .. name)
    end
end
for _, name in ipairs(names_of(client, 'since:')) do
    local since = redis.call('HGET', client, 'since:' .. name)
    if not known[name] and tonumber(string.match(since, '%d+$')) < moment then
        leave(client, name, ARGV[3])
    end
end
-- Who knew it no later has nothing to add.
redis.call('HSET', client, 'forgotten', string.format('%.0f', math.max(forgotten, moment)))
redis.call('HSET', client, 'at', string.format('%.0f', math.max(number('at'), moment)))

-- One that is not known came after the snapshot that Redis went back to, if it went back, and so
-- after the one that the snapshot has as the latest, which may never end for it to be so.
if redis.call('HSET', client, 'token:' .. token, '') == 1 then
    redis.call('HSET', client, 'latest', token)
end
note_sent(client, token, 4)
redis.call('HDEL', client, 'unknown')
redis.call('HSET', client, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return redis.call('HGETALL', client)

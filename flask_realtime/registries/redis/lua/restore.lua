-- Brings together what a process knows of a client and what Redis has, of each channel the later
-- (see subscriptions.py), and notes the connection. Returns the client as it is now.
local client, connection, lives, most_left = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local first, last = 5, 4 + 3 * ARGV[4]

-- This command comes first: after it a Redis that is out of memory refuses nothing.
redis.call('HDEL', client, 'unknown')
local latest, forgotten = number_of(client, 'at'), number_of(client, 'forgotten')

-- When the client subscribed to a channel, and the position to begin at; or when it left it.
local function stands_at(name)
    local since = redis.call('HGET', client, 'since:' .. name)
    if since then
        local position, moment = string.match(since, '^(.*):(%d+)$')
        return tonumber(moment), position
    end
    return math.max(number_of(client, 'left:' .. name), forgotten), nil
end

for i = first, last, 3 do
    local name, position, moment = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    latest = math.max(latest, moment)
    local at, begins = stands_at(name)
    if at < tonumber(moment) then
        enter(client, name, (begins or position) .. ':' .. moment)
    end
end
for i = last + 1, #ARGV, 2 do
    local name, moment = ARGV[i], ARGV[i + 1]
    latest = math.max(latest, moment)
    if stands_at(name) < tonumber(moment) then
        leave(client, name, moment)
    end
end
forget_left(client, most_left)
redis.call('HSET', client, 'at', as_moment(latest))
redis.call('HSETNX', client, 'began', as_moment(now_in_ms()))

-- One that is not known came after the snapshot that Redis went back to, if it went back, and so
-- after the one that the snapshot has as the latest, which may never end for it to be so.
if add_connection(client, connection) then
    redis.call('HSET', client, 'latest', connection)
end
note_sent(client, connection, first, last, 3)
redis.call('HSET', client, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return redis.call('HGETALL', client)

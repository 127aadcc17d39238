-- Merges what a process knows of a client's subscriptions into what Redis knows: for each channel the
-- later change counts (see subscriptions.py). It also adds the connection. Returns the client's hash.
-- The connection was opened age ms before the command was sent (see sent_at); if Redis has forgotten when
-- the client began, it began then.
-- ARGV has, from first to last, the subscriptions: a channel, the position up to which the connection
-- was sent, and the value for the field since:CHANNEL each; and after that the channels that the client
-- has left, each followed by the moment.
local client, connection, lives, most_left = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local age, sent, first, last = ARGV[4], ARGV[5], 7, 6 + 3 * ARGV[6]

-- This write comes first: after it, a Redis that is out of memory refuses no command of the script.
redis.call('HDEL', client, 'unknown')
local latest, forgotten = number_of(client, 'at'), number_of(client, 'forgotten')

-- Returns the moment of the last change of a channel that Redis knows: when the client subscribed, and
-- then also the start of the subscription; or when the client left.
local function stands_at(name)
    local since = redis.call('HGET', client, 'since:' .. name)
    if since then
        local start, moment = read_since(since)
        return moment, start
    end
    return math.max(number_of(client, 'left:' .. name), forgotten), nil
end

for i = first, last, 3 do
    local name = ARGV[i]
    local start, moment, asked = read_since(ARGV[i + 2])
    latest = math.max(latest, moment)
    local at, begins = stands_at(name)
    if at < moment then
        start = begins and kept_start(begins, start) or start
        enter(client, name, since_of(start, moment, asked))
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
redis.call('HSETNX', client, 'began', as_moment(sent_at(sent) - age))

-- If Redis went back to a snapshot, a connection that it does not know came after the snapshot. It is
-- newer then than the snapshot's latest connection, of whose end Redis may never be told.
if add_connection(client, connection) then
    redis.call('HSET', client, 'latest', connection)
end
note_sent(client, connection, first, last, 3)
redis.call('HSET', client, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return redis.call('HGETALL', client)

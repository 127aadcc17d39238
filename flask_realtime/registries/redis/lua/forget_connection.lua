-- Removes a connection of a client, and notes the positions up to which it was sent, unless the client
-- has a newer connection. ARGV has, from its third value on, channels, each followed by its position.
-- A client that was never subscribed to anything is removed with its last connection, because anybody
-- could create such clients by making up ids.
local client, session, connection, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local others, is_known = other_connections(client, connection)
if not is_known then
    return 0
end
-- This write comes first: after it, a Redis that is out of memory refuses no command of the script.
redis.call('PEXPIRE', client, lives)
note_socket(session, lives)
if #others == 0 and is_blank(client) then
    return redis.call('DEL', client)
end
if #others == 0 then
    redis.call('HDEL', client, 'connections')
else
    redis.call('HSET', client, 'connections', table.concat(others, ' '))
end
if note_sent(client, connection, 3, #ARGV, 2) then
    redis.call('HDEL', client, 'latest')
end
return 0

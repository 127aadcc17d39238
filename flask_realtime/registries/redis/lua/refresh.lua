-- Keeps a connected client from expiring, and notes the positions up to which the connection was sent,
-- unless the client has a newer connection. ARGV has, from its third value on, channels, each followed
-- by its position. Returns 1; or 0, having changed nothing, if the connection is unknown.
local client, session, connection, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local _, is_known = other_connections(client, connection)
if not is_known then
    return 0
end
-- This write comes first: after it, a Redis that is out of memory refuses no command of the script.
redis.call('PEXPIRE', client, lives)
note_socket(session, lives)
redis.call('HDEL', client, 'unknown')
note_sent(client, connection, 3, #ARGV, 2)
return 1

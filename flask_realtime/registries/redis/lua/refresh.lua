-- Keeps a connected client from expiring and notes how far it was sent, unless a newer connection
-- of it has come. Returns 0, and makes nothing anew, if the connection is not known.
local client, session, connection, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local _, is_known = other_connections(client, connection)
if not is_known then
    return 0
end
-- First: a Redis that is out of memory lets a client live on, and refuses to note anything.
redis.call('PEXPIRE', client, lives)
note_socket(session, lives)
redis.call('HDEL', client, 'unknown')
note_sent(client, connection, 3, #ARGV, 2)
return 1

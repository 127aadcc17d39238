-- Forgets a connection and notes how far it was sent, unless a newer one has come.
local client, session, connection, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

if redis.call('HDEL', client, 'connection:' .. connection) == 1 then
    if note_sent(client, connection, 3, #ARGV, 2) then
        redis.call('HDEL', client, 'latest')
    end
    redis.call('PEXPIRE', client, lives)
    note_socket(session, lives)
end
return 0

-- Keeps a connected client from expiring and notes how far it was sent, unless a newer connection
-- of it has come; makes none anew.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]

if redis.call('EXISTS', client) == 1 then
    redis.call('HSET', client, 'token:' .. token, '', 'arrived', '1')
    note_sent(client, token, 3)
    redis.call('PEXPIRE', client, lives)
end
return 0

-- Keeps a connected client from expiring and notes how far it was sent, unless a newer connection
-- of it has come; makes none anew.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]

if redis.call('EXISTS', client) == 1 then
    redis.call('HSET', client, 'token:' .. token, '', 'arrived', '1')
    if (redis.call('HGET', client, 'latest') or token) == token then
        for i = 3, #ARGV, 2 do
            if redis.call('HEXISTS', client, 'since:' .. ARGV[i]) == 1 then
                redis.call('HSET', client, 'sent:' .. ARGV[i], ARGV[i + 1])
            end
        end
    end
    redis.call('PEXPIRE', client, lives)
end
return 0

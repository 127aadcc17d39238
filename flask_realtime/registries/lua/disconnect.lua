-- Forgets a connection and notes how far it was sent, unless a newer one has come.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]

if redis.call('HDEL', client, 'token:' .. token) == 1 then
    if (redis.call('HGET', client, 'latest') or token) == token then
        for i = 3, #ARGV, 2 do
            if redis.call('HEXISTS', client, 'since:' .. ARGV[i]) == 1 then
                redis.call('HSET', client, 'sent:' .. ARGV[i], ARGV[i + 1])
            end
        end
        redis.call('HDEL', client, 'latest')
    end
    redis.call('PEXPIRE', client, lives)
end
return 0

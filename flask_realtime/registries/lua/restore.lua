-- Writes a client again from what its process knew; what has come meanwhile stands.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]

for i = 3, #ARGV, 3 do
    redis.call('HSETNX', client, 'since:' .. ARGV[i], ARGV[i + 1])
    if ARGV[i + 2] ~= '' then
        redis.call('HSETNX', client, 'sent:' .. ARGV[i], ARGV[i + 2])
    end
end
redis.call('HSET', client, 'token:' .. token, '', 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return 0

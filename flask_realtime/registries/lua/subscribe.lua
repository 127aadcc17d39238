-- Subscribes a client from the positions given; returns the tokens of its connections.
local client, awaits = KEYS[1], ARGV[1]

for i = 2, #ARGV, 2 do
    redis.call('HSETNX', client, 'since:' .. ARGV[i], ARGV[i + 1])
end
redis.call('HSETNX', client, 'arrived', '0')
if redis.call('HGET', client, 'arrived') == '0' then
    redis.call('PEXPIRE', client, awaits)
end

local tokens = {}
for _, field in ipairs(redis.call('HKEYS', client)) do
    if string.sub(field, 1, 6) == 'token:' then
        tokens[#tokens + 1] = string.sub(field, 7)
    end
end
return tokens

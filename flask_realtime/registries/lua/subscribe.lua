-- Subscribes a client from the positions given; returns the tokens of its connections.
local client, awaits, new_epoch, tag = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local changes = 0
for i = 4, #ARGV, 2 do
    changes = changes + redis.call('HSETNX', client, 'since:' .. ARGV[i], ARGV[i + 1])
end
if changes > 0 then
    local at = redis.call('HGET', client, 'at') or new_epoch .. ':0:'
    local epoch, seq = string.match(at, '^([^:]*):(%d+):')
    redis.call('HSET', client, 'at', string.format('%s:%.0f:%s', epoch, seq + 1, tag))
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

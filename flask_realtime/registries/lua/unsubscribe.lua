-- Unsubscribes a client; returns the tokens of its connections.
local client, tag = KEYS[1], ARGV[1]

local changes = 0
for i = 2, #ARGV do
    changes = changes + redis.call('HDEL', client, 'since:' .. ARGV[i])
    redis.call('HDEL', client, 'sent:' .. ARGV[i])
end
if changes > 0 then
    local epoch, seq = string.match(redis.call('HGET', client, 'at') or ':0:', '^([^:]*):(%d+):')
    redis.call('HSET', client, 'at', string.format('%s:%.0f:%s', epoch, seq + 1, tag))
end

local tokens = {}
for _, field in ipairs(redis.call('HKEYS', client)) do
    if string.sub(field, 1, 6) == 'token:' then
        tokens[#tokens + 1] = string.sub(field, 7)
    end
end
return tokens

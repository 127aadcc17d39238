-- Unsubscribes a client; returns the tokens of its connections.
local client = KEYS[1]

for _, channel in ipairs(ARGV) do
    redis.call('HDEL', client, 'since:' .. channel, 'sent:' .. channel)
end

local tokens = {}
for _, field in ipairs(redis.call('HKEYS', client)) do
    if string.sub(field, 1, 6) == 'token:' then
        tokens[#tokens + 1] = string.sub(field, 7)
    end
end
return tokens

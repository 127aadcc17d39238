-- Unsubscribes a client; returns the tokens of its connections.
local client, tag = KEYS[1], ARGV[1]

local changes = 0
for i = 2, #ARGV do
    changes = changes + redis.call('HDEL', client, 'since:' .. ARGV[i])
    redis.call('HDEL', client, 'sent:' .. ARGV[i])
end
if changes > 0 then
    note_change(client, '', tag)
end
return tokens_of(client)

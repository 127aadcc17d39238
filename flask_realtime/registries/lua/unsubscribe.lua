-- Unsubscribes a client, also one not known, which may have been lost; returns the tokens of its
-- connections.
local client, awaits, most_left = KEYS[1], ARGV[1], tonumber(ARGV[2])

local is_known = redis.call('EXISTS', client) == 1
local moment = note_change(client)
local left = names_of(client, 'left:')
if #left >= most_left then
    for _, name in ipairs(left) do
        redis.call('HDEL', client, 'left:' .. name)
    end
    redis.call('HSET', client, 'forgotten', moment)
end
for i = 3, #ARGV do
    leave(client, ARGV[i], moment)
end
if not is_known then
    redis.call('HSET', client, 'unknown', '1', 'arrived', '0')
    redis.call('PEXPIRE', client, awaits)
end
return names_of(client, 'token:')

-- Unsubscribes a client, also one not known, which may have been lost; returns the connections of its
-- connections.
local client, awaits, most_left = KEYS[1], ARGV[1], tonumber(ARGV[2])

local is_known = redis.call('EXISTS', client) == 1
-- First: a Redis that is out of memory refuses nothing behind it.
for i = 3, #ARGV do
    redis.call('HDEL', client, 'since:' .. ARGV[i], 'sent:' .. ARGV[i])
end
local moment = note_change(client)
for i = 3, #ARGV do
    redis.call('HSET', client, 'left:' .. ARGV[i], moment)
end
forget_left(client, most_left)
if not is_known then
    redis.call('HSET', client, 'unknown', '1', 'arrived', '0')
end
if redis.call('HGET', client, 'arrived') == '0' then
    redis.call('PEXPIRE', client, awaits)
end
return names_of(client, 'connection:')

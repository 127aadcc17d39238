-- Unsubscribes a client from channels. Returns the names of its connections. An unknown client is
-- created: Redis may have lost it, and must not take it back as it was from a process that knows it.
local client, awaits, most_left = KEYS[1], ARGV[1], tonumber(ARGV[2])

local is_known = redis.call('EXISTS', client) == 1
local moment = next_moment(client)
for i = 3, #ARGV do
    leave(client, ARGV[i], moment)
end
redis.call('HSET', client, 'at', moment)
forget_left(client, most_left)
if not is_known then
    redis.call('HSET', client, 'unknown', '1', 'arrived', '0')
end
if redis.call('HGET', client, 'arrived') == '0' then
    redis.call('PEXPIRE', client, awaits)
end
return connections_of(client)

-- Notes a connection of a client; returns what was known of the client before, what waits for its
-- browser, and whether the client had a connection before. Of a client that only connections have begun nothing is known, until one of them has
-- lived for a while: who hears so may be gone before it hears it, and comes again.
local client, waiting = KEYS[1], KEYS[2]
local connection, lives = ARGV[1], ARGV[2]

local known = redis.call('HGETALL', client)
local has_arrived = redis.call('HGET', client, 'arrived') == '1'
if #known == 0 then
    redis.call('HSET', client, 'unknown', '1')
elseif redis.call('HEXISTS', client, 'unknown') == 1 then
    known = {}
end
redis.call('HSET', client, 'connection:' .. connection, '', 'latest', connection, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return {known, redis.call('LRANGE', waiting, 0, -1), has_arrived and 1 or 0}

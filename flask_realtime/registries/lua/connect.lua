-- Notes a connection of a client; returns what was known of the client before.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]

local known = redis.call('HGETALL', client)
redis.call('HSET', client, 'token:' .. token, '', 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return known

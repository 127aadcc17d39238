-- Notes a connection of a client; returns what was known of the client before.
local client, token, lives, new_epoch = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local known = redis.call('HGETALL', client)
redis.call('HSETNX', client, 'at', new_epoch .. ':0:')
redis.call('HSET', client, 'token:' .. token, '', 'latest', token, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return known

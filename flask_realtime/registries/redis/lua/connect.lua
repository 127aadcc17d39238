-- Notes a connection of a client, unless its session has ended. Returns what was known of the client
-- before, what waits for its browser, whether the client had a connection before, whether its
-- session has ended, and when the client began. Of a client that only connections have begun nothing
-- is known, until one of them has
-- lived for a while: who hears so may be gone before it hears it, and comes again.
local client, waiting, session = KEYS[1], KEYS[2], KEYS[3]
local connection, lives = ARGV[1], ARGV[2]

if heir_of(session) then
    return {{}, {}, 0, 1, '0'}
end
note_socket(session, lives)

local known = redis.call('HGETALL', client)
local has_arrived = redis.call('HGET', client, 'arrived') == '1'
local began = redis.call('HGET', client, 'began') or '0'
if #known == 0 then
    redis.call('HSET', client, 'unknown', '1', 'began', present_moment())
elseif redis.call('HEXISTS', client, 'unknown') == 1 then
    known = {}
end
redis.call('HSET', client, 'connection:' .. connection, '', 'latest', connection, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return {known, redis.call('LRANGE', waiting, 0, -1), has_arrived and 1 or 0, 0, began}

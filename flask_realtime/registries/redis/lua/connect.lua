-- Adds a connection of a client, unless the client's session has ended. Returns what was known of the
-- client before; what waits for its session; whether the client had a connection before; whether the
-- session has ended; and when the client began: one that is not known, when the first socket of its
-- session was opened before, '0' if there was none.
-- A client that connections alone have made counts as unknown until one of them has lived for a while:
-- who hears that the client is not known may be gone before hearing it, and comes again.
local client, waiting, session = KEYS[1], KEYS[2], KEYS[3]
local connection, lives = ARGV[1], ARGV[2]

if heir_of(session) then
    return {{}, {}, 0, 1, '0'}
end
local began = redis.call('HGET', client, 'began') or redis.call('HGET', session, 'opened') or '0'
note_socket(session, lives)

local known = redis.call('HGETALL', client)
local has_arrived = redis.call('HGET', client, 'arrived') == '1'
if #known == 0 then
    redis.call('HSET', client, 'unknown', '1', 'began', as_moment(now_in_ms()))
elseif redis.call('HEXISTS', client, 'unknown') == 1 then
    known = {}
end
add_connection(client, connection)
redis.call('HSET', client, 'latest', connection, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return {known, redis.call('LRANGE', waiting, 0, -1), has_arrived and 1 or 0, 0, began}

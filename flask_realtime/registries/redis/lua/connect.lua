-- Adds a connection to a client, unless the client's session has ended. Returns
--   the client's hash as it was before,
--   the items that wait for the client's session,
--   1 if the client had a connection before, else 0,
--   1 if the session has ended, else 0,
--   when the client began; for an unknown client, age ms before the command was sent (see sent_at), or if
--   the age is '', when the first socket of its session was opened, or '0' if there was none.
-- A client that connect.lua has created stays unknown until refresh.lua is called for it: a connection
-- may break before the page hears that its client is unknown, and the next one must hear it as well.
-- Returns -1, having done nothing, if over_at is given and is over: the caller has given up this call, and
-- would never take the connection out again.
local client, waiting, session = KEYS[1], KEYS[2], KEYS[3]
local connection, lives, age, sent, over_at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

if over_at and now_in_ms() > over_at then
    return -1
end
if heir_of(session) then
    return {{}, {}, 0, 1, '0'}
end
sent = sent_at(sent)
local asked_at = age ~= '' and as_moment(sent - age)
local began = redis.call('HGET', client, 'began') or asked_at or redis.call('HGET', session, 'opened')
    or '0'
note_socket(session, lives, sent)

local known = redis.call('HGETALL', client)
local has_arrived = redis.call('HGET', client, 'arrived') == '1'
if #known == 0 or redis.call('HEXISTS', client, 'unknown') == 1 then
    known = {}
    redis.call('HSET', client, 'unknown', '1')
    redis.call('HSETNX', client, 'began', began ~= '0' and began or as_moment(sent))
end
add_connection(client, connection)
redis.call('HSET', client, 'latest', connection, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return {known, redis.call('LRANGE', waiting, 0, -1), has_arrived and 1 or 0, 0, began}

-- Publishes an order to close sockets, and keeps it for processes that do not hear it. Returns 0; or 1,
-- having done nothing, if over_at is given and is over: the caller has given up this call, and tries
-- again; sockets that were opened since are not to be closed by it.
local disconnects, announced_on, text, most, lives = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local over_at = tonumber(ARGV[5])

if over_at and now_in_ms() > over_at then
    return 1
end

-- A Redis that refuses writes, because it cannot save or lacks replicas, publishes the order without
-- keeping it. A Redis that is out of memory keeps it too: it refuses only what takes memory in a
-- script that has written nothing yet, and this PEXPIRE is such a write.
redis.pcall('PEXPIRE', disconnects, lives)
local id = redis.pcall('XADD', disconnects, 'MAXLEN', '~', most, '*', 'e', text)
if type(id) == 'table' then
    id = ''
end
redis.pcall('PEXPIRE', disconnects, lives)
redis.call('PUBLISH', announced_on, id .. ' ' .. text)
return 0

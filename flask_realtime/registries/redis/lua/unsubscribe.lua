-- Unsubscribes a client from channels. Returns the moment, and the names of its connections. An unknown client is
-- created: Redis may have lost it, and must not take it back as it was from a process that knows it.
-- ARGV has the channels from its tenth value on. If dated is not 0, it is their number, and behind them all
-- it is said for each when the client was to leave it: a moment, or, if not above 0, how many ms that comes
-- behind the sending of the command (see sent_at). What the client asked for later is kept.
-- Behind the key of the client there are those of the states of the channels, but for a cluster, which
-- refuses keys in several slots.
-- Returns -1, having done nothing, if over_at is given and is over: the caller has given up this call, and
-- the client may have been subscribed since.
-- The other processes that have the client are told of it here, in the order of pushes and of later
-- subscriptions; announced is the beginning of the pub/sub channels on which processes are told. The
-- caller's own process gets the mark, if there is one, behind everything that was pushed before.
local client, awaits, most_left, dated = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local sent, over_at, announced, own, mark = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local digest, first = ARGV[9], 10

-- Returns the position of the last entry of a channel's log, if the log is known.
local function tail_of(state)
    local known = state and redis.call('HMGET', state, 'epoch', 'seq', 'tag') or {}
    return known[1] and table.concat(known, ':')
end

if over_at and now_in_ms() > over_at then
    return -1
end
local is_known = redis.call('EXISTS', client) == 1
local moment = next_moment(client)
local function is_kept(i)
    local since = dated > 0 and redis.call('HGET', client, 'since:' .. ARGV[i])
    if not since then
        return false
    end
    local _, _, asked = read_since(since)
    local left_at = tonumber(ARGV[i + dated])
    return asked > (left_at > 0 and left_at or sent_at(sent) + left_at)
end
local told = {digest}
for i = first, #ARGV - dated do
    if not is_kept(i) then
        leave(client, ARGV[i], moment, tail_of(KEYS[i - first + 2]))
        told[#told + 1] = ARGV[i]
    end
end
-- Last, and no channel's name, since some processes of earlier versions take what follows the digest for names.
told[#told + 1] = '*' .. moment
redis.call('HSET', client, 'at', moment)
forget_left(client, most_left)
if not is_known then
    redis.call('HSET', client, 'unknown', '1', 'arrived', '0')
end
if redis.call('HGET', client, 'arrived') == '0' then
    redis.call('PEXPIRE', client, awaits)
end
local names, is_told = connections_of(client), {}
for _, name in ipairs(names) do
    local process = string.match(name, '^[^/]*')
    if not is_told[process] then
        is_told[process] = true
        if process == own and mark ~= '' then
            redis.call('PUBLISH', announced .. own, mark)
        else
            redis.call('PUBLISH', announced .. process, table.concat(told, '\n'))
            -- Processes of earlier versions know no more than a digest.
            redis.call('PUBLISH', announced .. process, digest)
        end
    end
end
return {moment, names}

-- Returns whether entries with a certain route are messages for all clients: see protocol/routes.py.
local function is_for_all(route)
    return route == '' or route == '<'
end

-- Returns whether any process hears what is published under a name. A Redis that does not tell counts as
-- one that has listeners.
local function has_listeners(name)
    local reply = redis.pcall('PUBSUB', 'NUMSUB', name)
    return reply.err ~= nil or reply[2] > 0
end

-- Appends one push to a channel's log and publishes it, unless the log has a push with the same id.
--
-- A push by pattern goes to all channels whose names strangers have made up. Where no process hears the
-- channel, it keeps no log for longer; and where there is no log, and no page is awaited any more, the
-- position goes on alone: a page that comes back is told that it has lost something.
-- about is what all pushes of one call have in common:
--   payload, route            what is pushed, and whom it is for (see protocol/routes.py)
--   limits                    how much a log keeps: entries, bytes and ms (see retention.py)
--   is_guess                  true if limits are the defaults of a publisher that does not know the
--                             app's settings: limits that the app has noted count, then
--   push_id_lives             for how many ms the id of the push is remembered
--   may_extend                whether the push keeps the channel from expiring, and has it listed
-- known is the position, as {epoch, seq, tag}, of the newest push that the log is known to have
-- accepted from the same process. Returns the position of the push, and whether the push is new.
local function append(state, log, push_id, announced_on, about, tag, known)
    local has = redis.call('HMGET', state, 'epoch', 'seq', 'tag', 'bytes', 'limits', 'awaits')
    local limits = about.is_guess and has[5] or about.limits
    local max_entries, max_bytes, log_lives = string.match(limits, '^(%d+):(%d+):(%d+)')
    max_entries, max_bytes = tonumber(max_entries), tonumber(max_bytes)

    if has[1] and went_back(log, has, known[1], known[2], known[3]) then
        local epoch = begin_anew(state, log, log_lives, announced_on, known[1])
        has = {epoch, '0', '', '0', false, has[6]}
    end

    local first = redis.call('GET', push_id)
    if first then
        return first, false
    end

    local epoch, seq, before, bytes = has[1], tonumber(has[2]), has[3], tonumber(has[4])
    if not epoch then
        epoch, seq, before, bytes = new_epoch(state, nil, known[1]), 0, '', 0
        begin(state, log, epoch)
    end
    seq = seq + 1
    local position = string.format('%s:%.0f:%s', epoch, seq, tag)
    local is_heard = about.may_extend or has_listeners(announced_on)
    local is_awaited = not has[1] or tonumber(has[6] or '0') > now_in_ms()
    if not (is_heard or is_awaited) and redis.call('EXISTS', log) == 0 then
        redis.call('HSET', state, 'seq', string.format('%.0f', seq), 'tag', tag)
        return position, true
    end
    local entry = position .. ':' .. before .. ':' .. about.route .. '\n' .. about.payload
    redis.call('XADD', log, string.format('%.0f-0', seq), 'e', entry)
    local entries = redis.call('XLEN', log)
    -- A log of one entry has just begun, or had expired; state still has the bytes from before.
    bytes = (entries > 1 and bytes or 0) + #about.payload
    local kept = entries
    while kept > 0 and (kept > max_entries or bytes > max_bytes) do
        local oldest = string.format('%.0f-0', seq - kept + 1)
        local found = redis.call('XRANGE', log, oldest, oldest)[1]
        if found then
            bytes = bytes - (#found[2][2] - string.find(found[2][2], '\n', 1, true))
        end
        kept = kept - 1
    end
    if kept < entries then
        redis.call('XTRIM', log, 'MAXLEN', kept)
    end

    redis.call('HSET', state, 'epoch', epoch, 'seq', string.format('%.0f', seq), 'tag', tag,
        'bytes', string.format('%.0f', bytes))
    if not is_for_all(about.route) then
        redis.call('HSET', state, 'addressed', string.format('%.0f', seq))
    end
    if is_heard or entries == 1 then
        redis.call('PEXPIRE', log, log_lives)
    end
    if about.may_extend or not has[1] then
        keep(state, log_lives)
    end
    redis.call('SET', push_id, position, 'PX', about.push_id_lives)
    redis.call('PUBLISH', announced_on, entry)
    return position, true
end

-- Reads what all pushes of one call have in common from six values of ARGV; first is the index of the
-- first of them.
local function about_from(first)
    return {
        payload = ARGV[first], route = ARGV[first + 1], limits = ARGV[first + 2],
        is_guess = ARGV[first + 3] == '1', push_id_lives = ARGV[first + 4],
        may_extend = ARGV[first + 5] == '1',
    }
end

local function begin(state, log, epoch)
    redis.call('DEL', log)
    redis.call('HSET', state, 'epoch', epoch, 'seq', '0', 'tag', '', 'bytes', '0')
    return epoch .. ':0:'
end

-- Begins a log anew, which went back, and has every process that hears the channel read it.
local function begin_anew(state, log, epoch, lives, announced_on)
    local position = begin(state, log, epoch)
    redis.call('PEXPIRE', state, lives)
    -- Nothing precedes an entry without a number, so that it looks like one behind a hole.
    redis.call('PUBLISH', announced_on, position .. '::\nnull')
    return position
end

local function entries_behind(log, seq, count)
    return redis.call('XRANGE', log, string.format('%.0f-0', seq + 1), '+', 'COUNT', count)
end

-- Whether a log that ends at last_seq and last_tag is known never to have been at seq and tag of
-- the same epoch; and what follows them, nothing if that was trimmed or has expired.
local function went_back(log, last_seq, last_tag, seq, tag)
    if seq >= last_seq then
        return seq > last_seq or tag ~= last_tag, {}
    end
    local found = entries_behind(log, seq, 1)
    if not found[1] or found[1][1] ~= string.format('%.0f-0', seq + 1) then
        return false, {}
    end
    local before = string.match(found[1][2][2], '^[^:]*:[^:]*:[^:]*:([^:]*):')
    return before ~= tag, found
end

-- When an epoch began, in ms since 1970; one that is none of ours began before all others.
local function moment_of(epoch)
    return tonumber(string.match(epoch or '', '^%d%d%d%d%d%d%d%d%d%d%d%d%d')) or 0
end

-- An epoch later than any that is known: a log that has an earlier one than somebody knows of went
-- back. Ahead of the clock, where that stood still or was set back; and another for each log.
local function new_epoch(state, known, of_caller)
    local before = math.max(moment_of(known), moment_of(of_caller))
    local mark = string.sub(redis.sha1hex(state .. redis.call('TIME')[2]), 1, 3)
    return as_moment(math.max(now_in_ms(), before + 1)) .. mark
end

local function begin(state, log, epoch)
    redis.call('DEL', log)
    redis.call('HSET', state, 'epoch', epoch, 'seq', '0', 'tag', '', 'bytes', '0')
    return epoch .. ':0:'
end

-- Begins a log anew, which is lost or went back, and has every process that hears the channel read
-- it. The channel lives at least so long from now on. Returns its epoch.
local function begin_anew(state, log, lives, announced_on, of_caller)
    local epoch = new_epoch(state, redis.call('HGET', state, 'epoch'), of_caller)
    local position = begin(state, log, epoch)
    keep(state, lives)
    -- Nothing precedes an entry without a number, so that it looks like one behind a hole.
    redis.call('PUBLISH', announced_on, position .. '::\nnull')
    return epoch
end

local function entries_behind(log, seq, count)
    return redis.call('XRANGE', log, string.format('%.0f-0', seq + 1), '+', 'COUNT', count)
end

-- Whether a log, of which *known* has epoch, seq and tag, is known never to have been at those that
-- the caller has; and what follows them, nothing if that was trimmed or has expired.
local function went_back(log, known, epoch, seq, tag)
    if epoch ~= known[1] then
        -- Two that began at one moment are of two histories.
        return epoch ~= '' and moment_of(epoch) >= moment_of(known[1]), {}
    end
    local last_seq = tonumber(known[2])
    if seq >= last_seq then
        return seq > last_seq or tag ~= known[3], {}
    end
    local found = entries_behind(log, seq, 1)
    if not found[1] or found[1][1] ~= string.format('%.0f-0', seq + 1) then
        return false, {}
    end
    local before = string.match(found[1][2][2], '^[^:]*:[^:]*:[^:]*:([^:]*):')
    return before ~= tag, found
end

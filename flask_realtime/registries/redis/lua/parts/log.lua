-- Returns when an epoch began, in ms since 1970. A text that is no epoch counts as older than all.
local function moment_of(epoch)
    return tonumber(string.match(epoch or '', '^%d%d%d%d%d%d%d%d%d%d%d%d%d')) or 0
end

-- Returns a new epoch, later than the epoch that the log has (known) and the one that the caller knows
-- (of_caller): a log whose epoch is earlier than one that somebody knows has gone back. If the clock
-- stood still or was set back, the epoch is ahead of the clock. Three digits of a hash, which are part
-- of the epoch, tell histories apart that began in the same ms.
local function new_epoch(state, known, of_caller)
    local before = math.max(moment_of(known), moment_of(of_caller))
    local mark = string.sub(redis.sha1hex(state .. redis.call('TIME')[2]), 1, 3)
    return as_moment(math.max(now_in_ms(), before + 1)) .. mark
end

-- The state of a channel is a hash with these fields:
--   epoch, seq, tag   the position of the log's last entry
--   bytes             how many bytes of payload the log has
--   addressed         the number of the last entry that is not a message for all clients; no field if
--                     that is not known
--   limits            how much the log keeps, as the app has noted it
--   awaits            the moment until which pages may come for what is pushed while no process hears
--                     the channel

-- Begins an empty log. Returns its position.
local function begin(state, log, epoch)
    redis.call('DEL', log)
    redis.call('HSET', state, 'epoch', epoch, 'seq', '0', 'tag', '', 'bytes', '0', 'addressed', '0')
    return epoch .. ':0:'
end

-- Begins a log anew that was lost, or went back, and makes every process that hears the channel read
-- it. The channel lives for at least lives ms from now on. Returns the new epoch.
local function begin_anew(state, log, lives, announced_on, of_caller)
    local epoch = new_epoch(state, redis.call('HGET', state, 'epoch'), of_caller)
    local position = begin(state, log, epoch)
    keep(state, lives)
    -- An entry with the number 0 never follows the last one that a process has heard. So each process
    -- takes it for an entry after a gap, and reads the log.
    redis.call('PUBLISH', announced_on, position .. '::\nnull')
    return epoch
end

-- Returns up to count entries of a log that follow the one with the number seq.
local function entries_behind(log, seq, count)
    return redis.call('XRANGE', log, string.format('%.0f-0', seq + 1), '+', 'COUNT', count)
end

-- Returns whether a log has gone back, which is to say that it was certainly never at the position that
-- the caller knows (epoch, seq, tag); and the first entry after that position, in a list that is empty
-- if the entry was trimmed or has expired. known is the log's own position, as {epoch, seq, tag}.
local function went_back(log, known, epoch, seq, tag)
    if epoch ~= known[1] then
        -- Different epochs that began in the same ms belong to two histories of the log.
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

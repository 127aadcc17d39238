-- Returns whether an entry with a certain route is a message for a client (see protocol/routes.py). A
-- refresh of blocks, whose route begins with a tilde, counts for no client.
local function counts(route, digest)
    local whom = string.sub(route, 1, 1) == '<' and string.sub(route, 2) or route
    if string.sub(whom, 1, 1) == '-' then
        return not string.find(',' .. string.sub(whom, 2) .. ',', ',' .. digest .. ',', 1, true)
    end
    return whom == '' or whom == digest
end

-- How many entries one XRANGE reads.
local MOST_AT_ONCE = 200

-- Returns the position before an entry, which XRANGE has found.
local function before_entry(entry)
    local epoch, seq, before = string.match(entry[2][2], '^([^:]*):(%d+):[^:]*:([^:]*):')
    return string.format('%s:%.0f:%s', epoch, seq - 1, before)
end

-- Returns the position before the last messages for a client: as many as the number last says, or as
-- many as the log has. tail is the position of the log's last entry.
local function rewind(state, log, tail, last, digest)
    local epoch, seq = string.match(tail, '^([^:]*):(%d+):')
    local begins = tail
    seq = tonumber(seq)
    local oldest = math.max(1, seq - last + 1)
    local addressed = tonumber(redis.call('HGET', state, 'addressed') or seq)
    if addressed < oldest then
        -- Each entry counts: the messages between the first of them and the tail need not be read.
        local found = entries_behind(log, oldest - 1, 1)
        return found[1] and before_entry(found[1]) or tail
    end
    while seq > 0 do
        local first = math.max(1, seq - math.min(last, MOST_AT_ONCE) + 1)
        local found = redis.call('XRANGE', log, string.format('%.0f-0', first), string.format('%.0f-0', seq))
        for i = #found, 1, -1 do
            local of, before, route =
                string.match(found[i][2][2], '^([^:]*):%d+:[^:]*:([^:]*):([^\n]*)\n')
            if found[i][1] ~= string.format('%.0f-0', seq) or of ~= epoch then
                return begins
            end
            seq = seq - 1
            begins = string.format('%s:%.0f:%s', epoch, seq, before)
            last = last - (counts(route, digest) and 1 or 0)
            if last == 0 then
                return begins
            end
        end
        if seq >= first then
            return begins
        end
    end
    return begins
end

-- Returns a start with the positions filled in that it leaves out, in the form that a client's hash has
-- (see starts.py). tail is the position of the log's last entry.
local function resolve(start, state, log, tail)
    if start == '' then
        return tail
    end
    local about, last, digest = string.match(start, '^([^>]*)>#(%d+):([^>]*)>$')
    if about then
        return about .. '>' .. rewind(state, log, tail, tonumber(last), digest) .. '>' .. tail
    end
    return string.sub(start, -1) == '>' and start .. tail or start
end

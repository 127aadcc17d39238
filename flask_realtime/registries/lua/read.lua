-- Judges a cursor and reads what follows it, in one step: nobody appends in between.
-- Returns the tail, 1 if what lies between the two is lost, 2 if it was trimmed; and the entries.
local state, log = KEYS[1], KEYS[2]
local epoch, seq, tag = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local max_bytes, new_epoch, state_lives, renews = tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]

local function begin_anew()
    local position = begin(state, log, new_epoch)
    redis.call('PEXPIRE', state, state_lives)
    return position
end

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
if not known[1] then
    return {begin_anew(), epoch == '' and 0 or 1}
end
local tail = table.concat(known, ':')
if epoch == '' or table.concat({epoch, ARGV[2], tag}, ':') == tail then
    return {tail, 0}
end
if epoch ~= known[1] then
    return {tail, 1}
end

local function range(from, count)
    return redis.call('XRANGE', log, string.format('%.0f-0', from), '+', 'COUNT', count)
end

local function went_back()
    return {renews == '1' and begin_anew() or tail, 1}
end

local found = seq < tonumber(known[2]) and range(seq + 1, 1) or {}
if not found[1] or found[1][1] ~= string.format('%.0f-0', seq + 1) then
    -- Trimmed or expired; or the cursor is ahead of the log, or beside it at the tail.
    return seq < tonumber(known[2]) and {tail, 2} or went_back()
end
local before = string.match(found[1][2][2], '^[^:]*:[^:]*:[^:]*:([^:]*):')
if before ~= tag then
    return went_back()
end

local reply, size, read = {tail, 0}, 0, 0
while #found > 0 do
    for _, entry in ipairs(found) do
        local text = entry[2][2]
        reply[#reply + 1] = text
        read = read + 1
        size = size + #text
        if size >= max_bytes then
            return reply
        end
    end
    -- About what still fits, by what the entries so far were like.
    local count = math.ceil((max_bytes - size) / (size / read))
    found = range(seq + 1 + read, math.max(1, math.min(count, 200)))
end
return reply

-- Judges a cursor and reads what follows it, in one step: nobody appends in between.
-- The channel lives on for a while. Returns the tail, 1 if what lies between the two is lost, 2 if it was trimmed; and the entries.
local state, log = KEYS[1], KEYS[2]
local epoch, seq, tag = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local max_bytes, lives, renews, announced_on = tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]

local function lost()
    -- One that a client named could be any.
    local of_caller = renews == '1' and epoch or ''
    local begun = begin_anew(state, log, lives, announced_on, of_caller)
    return {begun .. ':0:', epoch == '' and 0 or 1}
end

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
if not known[1] then
    return lost()
end
keep(state, lives)
local tail = table.concat(known, ':')
if epoch == '' or table.concat({epoch, ARGV[2], tag}, ':') == tail then
    return {tail, 0}
end
local is_false, found = went_back(log, known, epoch, seq, tag)
if is_false and renews == '1' then
    return lost()
end
if not found[1] or is_false then
    return {tail, (is_false or epoch ~= known[1]) and 1 or 2}
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
    found = entries_behind(log, seq + read, math.max(1, math.min(count, 200)))
end
return reply

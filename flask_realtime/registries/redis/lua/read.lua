-- Reads the entries of a channel's log that follow a cursor, up to about max_bytes. The channel lives
-- for at least lives ms from now on. Returns the tail; then 0, or 1 if the entries between the cursor
-- and the tail are lost, or 2 if they were trimmed; and then the entries.
-- If renews is '1', a cursor at which the log never was shows that the log went back: it begins anew.
local state, log = KEYS[1], KEYS[2]
local epoch, seq, tag = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local max_bytes, lives, renews, announced_on = tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]

local function lost()
    -- Without renews the cursor came from a client, which may have made up its epoch.
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
    -- About as many as still fit, if they are as large as those so far.
    local count = math.ceil((max_bytes - size) / (size / read))
    found = entries_behind(log, seq + read, math.max(1, math.min(count, 200)))
end
return reply

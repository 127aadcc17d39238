-- Appends one push to a channel's log and announces it; a push seen before is not appended again.
-- Returns its position, and 1 if the channel has to be put on the list of known channels.
local state, log, push_id, listed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local payload, to, tag, new_epoch, announced_on = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limits, is_guess, push_id_lives = ARGV[6], ARGV[7], ARGV[8]
-- Where the log was when it accepted one of the same process's pushes.
local has_epoch, has_seq, has_tag = ARGV[9], tonumber(ARGV[10]), ARGV[11]

local first = redis.call('GET', push_id)
if first then
    return {first, 0}
end

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag', 'bytes', 'limits')
local epoch, seq, before, bytes = known[1], tonumber(known[2]), known[3], tonumber(known[4])
if not epoch or (epoch == has_epoch and went_back(log, seq, before, has_seq, has_tag)) then
    redis.call('DEL', log)
    epoch, seq, before, bytes = new_epoch, 0, '', 0
end
seq = seq + 1

if is_guess == '1' and known[5] then
    limits = known[5]
end
local max_entries, max_bytes, log_lives, state_lives =
    string.match(limits, '^(%d+):(%d+):(%d+):(%d+)$')
max_entries, max_bytes = tonumber(max_entries), tonumber(max_bytes)

local position = string.format('%s:%.0f:%s', epoch, seq, tag)
local entry = position .. ':' .. before .. ':' .. to .. '\n' .. payload
redis.call('XADD', log, string.format('%.0f-0', seq), 'e', entry)
local entries = redis.call('XLEN', log)
-- The log expires as a whole, and what was counted for it with it.
bytes = (entries > 1 and bytes or 0) + #payload
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
redis.call('PEXPIRE', log, log_lives)
redis.call('PEXPIRE', state, state_lives)
redis.call('SET', push_id, position, 'PX', push_id_lives)
redis.call('PUBLISH', announced_on, entry)
return {position, 1 - redis.call('EXISTS', listed)}

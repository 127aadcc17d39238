-- Appends one push to a channel's log and announces it; a push seen before is not appended again.
-- Returns its position, and 1 if the channel has to be put on the list of known channels.
local state, log, push_id, listed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local payload, route, tag, announced_on = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local limits, is_guess, push_id_lives = ARGV[5], ARGV[6], ARGV[7]
-- Where the log was when it accepted the newest that is known of the same process's pushes.
local has_epoch, has_seq, has_tag = ARGV[8], tonumber(ARGV[9]), ARGV[10]

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag', 'bytes', 'limits')
if is_guess == '1' and known[5] then
    limits = known[5]
end
local max_entries, max_bytes, log_lives, state_lives =
    string.match(limits, '^(%d+):(%d+):(%d+):(%d+)$')
max_entries, max_bytes = tonumber(max_entries), tonumber(max_bytes)

if known[1] and went_back(log, known, has_epoch, has_seq, has_tag) then
    local epoch = begin_anew(state, log, state_lives, announced_on, has_epoch)
    known = {epoch, '0', '', '0'}
end

local first = redis.call('GET', push_id)
if first then
    return {first, 0}
end

local epoch, seq, before, bytes = known[1], tonumber(known[2]), known[3], tonumber(known[4])
if not epoch then
    redis.call('DEL', log)
    epoch, seq, before, bytes = new_epoch(state, nil, has_epoch), 0, '', 0
end
seq = seq + 1
local position = string.format('%s:%.0f:%s', epoch, seq, tag)
local entry = position .. ':' .. before .. ':' .. route .. '\n' .. payload
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

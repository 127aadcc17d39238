-- Begins a channel's log anew if an entry is missing that the log had accepted: Redis lost data, or
-- went back to a snapshot. ARGV has the position of that entry.
local state, log = KEYS[1], KEYS[2]
local epoch, seq, tag, lives, announced_on = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
if known[1] and went_back(log, known, epoch, seq, tag) then
    begin_anew(state, log, lives, announced_on, epoch)
end

-- Begins a channel's log anew if it lacks what it had accepted, since Redis went back.
local state, log = KEYS[1], KEYS[2]
local epoch, seq, tag = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local new_epoch, state_lives, announced_on = ARGV[4], ARGV[5], ARGV[6]

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
if known[1] == epoch and went_back(log, tonumber(known[2]), known[3], seq, tag) then
    begin_anew(state, log, new_epoch, state_lives, announced_on)
end

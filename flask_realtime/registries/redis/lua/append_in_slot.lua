-- Appends one push to a channel's log and announces it, in one slot of a cluster. Returns the position
-- of the push; and for how long the channel is to stand on the list of known channels, in ms, if it
-- has to be put there: no mark says that it was, not long ago.
local state, log, push_id, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local announced_on, tag, known = ARGV[1], ARGV[2], {ARGV[3], tonumber(ARGV[4]), ARGV[5]}
local about = about_from(7)

local position, is_new = append(state, log, push_id, announced_on, about, tag, known)
if not is_new or not about.may_extend or redis.call('EXISTS', mark) == 1 then
    return {position, 0}
end
return {position, redis.call('PTTL', state)}

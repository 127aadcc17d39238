-- Appends one push to a channel's log and publishes it. All keys are in one slot of a cluster; the list
-- of known channels is in another. Returns the position of the push; and the time in ms for which the
-- caller has to put the channel on that list, 0 if it need not: the key mark exists if the channel was
-- put there lately.
local state, log, push_id, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local announced_on, tag, known = ARGV[1], ARGV[2], {ARGV[3], tonumber(ARGV[4]), ARGV[5]}
local about = about_from(7)

local position, is_new = append(state, log, push_id, announced_on, about, tag, known)
if not is_new or not about.may_extend or redis.call('EXISTS', mark) == 1 then
    return {position, 0}
end
return {position, redis.call('PTTL', state)}

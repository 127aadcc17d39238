-- Appends one push to a channel's log, publishes it, and puts the channel on the list of known
-- channels. Returns the position of the push.
-- The keys are in several slots, so that a cluster refuses this script.
local state, log, push_id, list = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local announced_on, tag, known, name = ARGV[1], ARGV[2], {ARGV[3], tonumber(ARGV[4]), ARGV[5]}, ARGV[6]
local about = about_from(7)

local position, is_new = append(state, log, push_id, announced_on, about, tag, known)
if is_new and about.may_extend then
    put_on_list(list, redis.call('PTTL', state), {name})
end
return position

-- Appends one push to the logs of several channels, and publishes it on each. Each of KEYS is the
-- prefix that all keys of one channel have. Returns the position of the push for each channel, or an
-- error in place of the position.
-- The keys are in several slots, so that a cluster refuses this script.
local push_id = ARGV[1]
local about = about_from(2)

local replies, errors = {}, 0
for i, base in ipairs(KEYS) do
    local first = 8 + 5 * (i - 1)
    local known = {ARGV[first + 2], tonumber(ARGV[first + 3]), ARGV[first + 4]}
    local is_done, reply = pcall(append, base .. ':state', base .. ':log', base .. ':push:' .. push_id,
        ARGV[first + 1], about, ARGV[first], known)
    if not is_done then
        errors = errors + 1
        reply = type(reply) == 'table' and reply or {err = tostring(reply)}
    end
    replies[i] = reply
end
-- If no log takes the push, as on a replica, the script as a whole fails.
return errors == #KEYS and replies[1] or replies

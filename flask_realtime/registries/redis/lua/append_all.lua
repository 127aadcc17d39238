-- Appends one push to the logs of many channels and announces it on each. Its keys are in several
-- slots of a cluster. Each key of KEYS is the beginning of one channel's keys. Returns for each channel
-- the position of the push, or an error.
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
-- If all logs refuse the push, as on a replica, the whole script fails.
return errors == #KEYS and replies[1] or replies

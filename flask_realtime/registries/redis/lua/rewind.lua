-- Keeps a channel; one that is not known is begun. Returns where its log stands, and the position
-- before the last messages that are for a client.
local state, log = KEYS[1], KEYS[2]
local lives, limits, last, digest = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local tail = touch(state, log, true, lives, limits)
return {tail, rewind(log, tail, last, digest)}

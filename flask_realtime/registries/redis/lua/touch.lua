-- Keeps a channel from expiring, and begins it if it is unknown and may_begin is set. Returns the tail
-- of its log, or nothing if the channel is unknown.
local state, log = KEYS[1], KEYS[2]
local may_begin, lives, limits, awaits = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4]

return touch(state, log, may_begin, lives, limits, awaits)

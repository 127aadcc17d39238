-- Keeps a channel from expiring, and begins it if it is unknown. Returns the tail of its log; and the
-- position before the last messages for a client, of which as many are counted as the number last says.
local state, log = KEYS[1], KEYS[2]
local lives, limits, last, digest = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local tail = touch(state, log, true, lives, limits, lives)
return {tail, rewind(state, log, tail, last, digest)}

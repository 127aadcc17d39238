-- Keeps a channel. Returns its position, and 1 if it has to be put on the list of known channels;
-- nothing for a channel not known, unless it may be begun.
local state, log, listed = KEYS[1], KEYS[2], KEYS[3]
local may_begin, lives, limits = ARGV[1] == '1', ARGV[2], ARGV[3]

local position = touch(state, log, may_begin, lives, limits)
return position and {position, 1 - redis.call('EXISTS', listed)}

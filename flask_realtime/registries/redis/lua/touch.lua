-- Keeps a channel. Returns its position; nothing for a channel not known, unless it may be begun.
local state, log = KEYS[1], KEYS[2]
local may_begin, lives, limits = ARGV[1] == '1', ARGV[2], ARGV[3]

return touch(state, log, may_begin, lives, limits)

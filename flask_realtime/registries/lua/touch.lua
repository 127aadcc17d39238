-- Keeps a channel from expiring, and notes the app's limits for those who do not know them.
-- Returns its position, and 1 if it has to be put on the list of known channels; nothing for a
-- channel not known, unless there is an epoch to begin it with.
local state, log, listed = KEYS[1], KEYS[2], KEYS[3]
local new_epoch, state_lives, limits = ARGV[1], ARGV[2], ARGV[3]

local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
if not known[1] then
    if new_epoch == '' then
        return false
    end
    redis.call('DEL', log)
    redis.call('HSET', state, 'epoch', new_epoch, 'seq', '0', 'tag', '', 'bytes', '0')
    known = {new_epoch, '0', ''}
end
redis.call('HSET', state, 'limits', limits)
redis.call('PEXPIRE', state, state_lives)
return {table.concat(known, ':'), 1 - redis.call('EXISTS', listed)}

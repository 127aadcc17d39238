-- Keeps a channel from expiring, and notes the app's limits for those who do not know them.
-- Returns its position; nothing for a channel not known, unless there is an epoch to begin it with.
local function touch(state, log, new_epoch, lives, limits)
    local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
    if not known[1] and new_epoch == '' then
        return nil
    end
    local position = known[1] and table.concat(known, ':') or begin(state, log, new_epoch)
    -- Always, and first: a Redis out of memory refuses this, and nothing behind a PEXPIRE.
    redis.call('HSET', state, 'limits', limits)
    redis.call('PEXPIRE', state, lives)
    return position
end

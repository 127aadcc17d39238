-- Keeps a channel, and notes the app's limits for those who do not know them.
-- Returns its position; nothing for a channel not known, unless it may be begun.
local function touch(state, log, may_begin, lives, limits)
    local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag')
    if not known[1] and not may_begin then
        return nil
    end
    local position = known[1] and table.concat(known, ':') or begin(state, log, new_epoch(state))
    -- Always, and first: a Redis out of memory refuses this, and nothing behind a PEXPIRE.
    redis.call('HSET', state, 'limits', limits)
    keep(state, lives)
    return position
end

-- Keeps a channel from expiring, and notes for publishers that do not know the app's settings the limits
-- of the app's logs, and that pages may come for at least awaits ms. An unknown channel is begun if may_begin is
-- true. Returns the position of the last entry of its log, or nil if the channel is unknown.
local function touch(state, log, may_begin, lives, limits, awaits)
    local known = redis.call('HMGET', state, 'epoch', 'seq', 'tag', 'awaits')
    local until_then = math.max(tonumber(known[4] or '0'), now_in_ms() + awaits)
    if not known[1] and not may_begin then
        return nil
    end
    local position = known[1] and table.concat(known, ':', 1, 3) or begin(state, log, new_epoch(state))
    -- HSET comes before PEXPIRE, and also if nothing changes: a Redis that is out of memory refuses it,
    -- and with it the script, as long as nothing was written before.
    redis.call('HSET', state, 'limits', limits, 'awaits', as_moment(until_then))
    keep(state, lives)
    return position
end

-- Puts channels on the list of known channels for at least lives ms from now on, and removes channels
-- whose time is over. The list is a sorted set; the score is the moment at which the time is over.
local function put_on_list(list, lives, names)
    lives = tonumber(lives)
    local now = now_in_ms()
    -- A quarter is added, so that a channel in constant use is not written at every call.
    local until_later = as_moment(now + lives * 1.25)
    local has_changed = false
    for _, name in ipairs(names) do
        local known = redis.call('ZSCORE', list, name)
        if not known or tonumber(known) < now + lives then
            redis.call('ZADD', list, until_later, name)
            has_changed = true
        end
    end
    if has_changed then
        redis.call('ZREMRANGEBYSCORE', list, '-inf', as_moment(now))
        keep(list, string.format('%.0f', lives * 1.25))
    end
end

-- Has channels stand on the list of known ones for at least so long from now on, in ms, and takes off
-- those whose time is over.
local function put_on_list(list, lives, names)
    lives = tonumber(lives)
    local now = now_in_ms()
    -- Longer by a quarter, so that a channel in constant use is written now and then only.
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

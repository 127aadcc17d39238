-- Puts channels on the list of known ones, to stay there for a while, and takes old ones off.
local function put_on_list(list, lives, names)
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)

    for _, name in ipairs(names) do
        redis.call('ZADD', list, string.format('%.0f', now + lives), name)
    end
    redis.call('ZREMRANGEBYSCORE', list, '-inf', string.format('%.0f', now))
    -- Never shortened: another app's timeouts, or a publisher's, may be longer.
    if redis.call('PTTL', list) < lives then
        redis.call('PEXPIRE', list, string.format('%.0f', lives))
    end
end

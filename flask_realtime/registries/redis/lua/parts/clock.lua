-- The time in milliseconds since 1970, as a text.
local function present_moment()
    local time = redis.call('TIME')
    return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end

-- Returns the time in ms since 1970.
local function now_in_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Returns a time in ms as a string of digits; tostring would write it with an exponent.
local function as_moment(ms)
    return string.format('%.0f', ms)
end

-- How many ms the moments of changes may be ahead of the clock, where several come in the same ms. If they
-- are further ahead, the clock was set back.
local MOST_AHEAD = 10

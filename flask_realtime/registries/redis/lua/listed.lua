-- Returns a part of the names on the list of known channels, those whose time is not over, and the cursor
-- with which to ask for the next part, '0' behind the last one. The first cursor is 0. A channel that is
-- on the list all the time is in one of the parts, or in several.
local cursor, count = ARGV[1], ARGV[2]

local found = redis.call('ZSCAN', KEYS[1], cursor, 'COUNT', count)
local now = now_in_ms()
local names = {}
for i = 1, #found[2], 2 do
    if tonumber(found[2][i + 1]) > now then
        names[#names + 1] = found[2][i]
    end
end
return {found[1], names}

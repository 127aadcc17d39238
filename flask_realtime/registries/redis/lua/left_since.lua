-- Returns the channels that a user was put out of; ARGV has each channel with the ms since when.
local user = KEYS[1]

local now, names = now_in_ms(), {}
for i = 1, #ARGV, 2 do
    local left = redis.call('HGET', user, 'left:' .. ARGV[i])
    if left and tonumber(left) > now - ARGV[i + 1] then
        names[#names + 1] = ARGV[i]
    end
end
return names

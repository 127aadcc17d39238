-- Returns those of the given channels that the user was put out of since a time. ARGV has the channels,
-- each followed by its time in ms before now.
local user = KEYS[1]

local now, names = now_in_ms(), {}
for i = 1, #ARGV, 2 do
    local left = redis.call('HGET', user, 'left:' .. ARGV[i])
    if left and tonumber(left) > now - ARGV[i + 1] then
        names[#names + 1] = ARGV[i]
    end
end
return names

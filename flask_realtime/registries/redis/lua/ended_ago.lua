-- Returns how many ms ago a user was put out of each channel of ARGV, where '' stands for all of them:
-- the user was disconnected; -1 for what never happened.
local user = KEYS[1]

local now, agos = now_in_ms(), {}
for i, channel in ipairs(ARGV) do
    local moment = redis.call('HGET', user, channel == '' and 'ended' or 'left:' .. channel)
    agos[i] = moment and math.max(now - moment, 0) or -1
end
return agos

-- Returns how many ms ago a user was put out of each channel of ARGV, where '' stands for all of them:
-- the user was disconnected; -1 for what never happened. The fields: see end_user.lua.
local user = KEYS[1]

local now, agos = now_in_ms(), {}
local forgotten = redis.call('HGET', user, 'forgotten') or 0
for i, channel in ipairs(ARGV) do
    local moment = redis.call('HGET', user, channel == '' and 'ended' or 'left:' .. channel)
    if channel ~= '' then
        moment = math.max(moment or 0, forgotten)
    end
    agos[i] = moment and moment ~= 0 and math.max(now - moment, 0) or -1
end
return agos

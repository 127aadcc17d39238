-- Returns, for each channel of ARGV, how many ms ago a user was put out of it, and that moment; '' stands
-- for all channels: the user was disconnected. -1 and '' for what never happened. The fields: see
-- end_user.lua.
local user = KEYS[1]

local now, ends = now_in_ms(), {}
local forgotten = redis.call('HGET', user, 'forgotten') or 0
for i, channel in ipairs(ARGV) do
    local moment = redis.call('HGET', user, channel == '' and 'ended' or 'left:' .. channel) or 0
    if channel ~= '' then
        moment = math.max(moment, forgotten)
    end
    moment = tonumber(moment)
    ends[i] = moment ~= 0 and {math.max(now - moment, 0), as_moment(moment)} or {-1, ''}
end
return ends

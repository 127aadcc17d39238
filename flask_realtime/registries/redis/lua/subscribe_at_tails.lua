-- Subscribes a client from where the channels' logs stand, all in one step; begins and lists those
-- not known. Returns the connections of its connections. Its keys are in different slots of a cluster.
local client, list = KEYS[1], KEYS[2]
local awaits, lives, limits, listed_for = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local starts, unlisted = {}, {}
for i = 5, #ARGV do
    local name, first = ARGV[i], 3 * (i - 5) + 3
    local state, log, listed = KEYS[first], KEYS[first + 1], KEYS[first + 2]
    starts[#starts + 1] = name
    starts[#starts + 1] = touch(state, log, true, lives, limits)
    if redis.call('EXISTS', listed) == 0 then
        unlisted[#unlisted + 1] = name
        redis.call('SET', listed, '1', 'PX', listed_for)
    end
end
if #unlisted > 0 then
    put_on_list(list, lives + listed_for, unlisted)
end
return subscribe(client, awaits, starts)

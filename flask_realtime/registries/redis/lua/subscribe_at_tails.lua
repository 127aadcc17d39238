-- Subscribes a client to channels, each from the position given or else from where its log stands,
-- all in one step; begins and lists those not known. Returns the names of its connections. Its keys
-- are in different slots of a cluster.
local client, session, list = KEYS[1], KEYS[2], KEYS[3]
local awaits, lives, limits, listed_for = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local starts, unlisted = {}, {}
for i = 5, #ARGV, 2 do
    local name, given, first = ARGV[i], ARGV[i + 1], 3 * (i - 5) / 2 + 4
    local state, log, listed = KEYS[first], KEYS[first + 1], KEYS[first + 2]
    local tail = touch(state, log, true, lives, limits)
    starts[#starts + 1] = name
    starts[#starts + 1] = given ~= '' and given or tail
    if redis.call('EXISTS', listed) == 0 then
        unlisted[#unlisted + 1] = name
        redis.call('SET', listed, '1', 'PX', listed_for)
    end
end
if #unlisted > 0 then
    put_on_list(list, lives + listed_for, unlisted)
end
return subscribe(client, session, awaits, starts)

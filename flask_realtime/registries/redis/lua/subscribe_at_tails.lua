-- Subscribes a client to channels, unless its session has ended. It fills in the positions that the
-- starts leave out (see starts.py), begins logs that are unknown, and puts the channels on the list of
-- known channels. ARGV has, from its seventh value on, channels, each followed by its start. Returns
-- what subscribe.lua returns.
-- The keys are in several slots, so that a cluster refuses this script.
local client, session, list = KEYS[1], KEYS[2], KEYS[3]
local awaits, most, age, over_at = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local lives, limits = ARGV[5], ARGV[6]

if over_at and now_in_ms() > over_at then
    return -1
end
if heir_of(session) then
    return {}
end
local names, positions = {}, {}
for i = 7, #ARGV, 2 do
    names[#names + 1] = ARGV[i]
    positions[#positions + 1] = ARGV[i + 1]
end
local count = too_many(client, most, names)
if count then
    return count
end
for i = 1, #names do
    local tail = touch(KEYS[2 * i + 2], KEYS[2 * i + 3], true, lives, limits)
    positions[i] = resolve(positions[i], KEYS[2 * i + 2], KEYS[2 * i + 3], tail)
end
put_on_list(list, lives, names)
return subscribe(client, awaits, age, over_at, names, positions)

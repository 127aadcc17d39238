-- Subscribes a client to channels from the positions given, unless its session has ended. Returns the
-- names of its connections; or, if it would be on too many channels, on how many it is, and changes
-- nothing.
local client, session, awaits, most, age = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), ARGV[3]

if heir_of(session) then
    return {}
end
local names, positions = {}, {}
for i = 4, #ARGV, 2 do
    names[#names + 1] = ARGV[i]
    positions[#positions + 1] = ARGV[i + 1]
end
return too_many(client, most, names) or subscribe(client, awaits, age, names, positions)

-- Subscribes a client to channels, unless its session has ended. ARGV has, from its fourth value on,
-- channels, each followed by its start (see starts.py). Returns the names of the client's connections;
-- or, having changed nothing, the number of its channels if it would be on more than most.
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

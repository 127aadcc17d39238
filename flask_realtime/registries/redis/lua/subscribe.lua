-- Subscribes a client to channels, unless its session has ended. ARGV has, from its fifth value on,
-- channels, each followed by its start (see starts.py). Returns the names of the client's connections;
-- or, having changed nothing, the number of its channels if it would be on more than most, or -1 if
-- over_at is given and is over: the caller has given up this call, and the client may have left the
-- channels since, or its user may have been put out of them.
local client, session, awaits, most, age = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local over_at = tonumber(ARGV[4])

if over_at and now_in_ms() > over_at then
    return -1
end
if heir_of(session) then
    return {}
end
local names, positions = {}, {}
for i = 5, #ARGV, 2 do
    names[#names + 1] = ARGV[i]
    positions[#positions + 1] = ARGV[i + 1]
end
return too_many(client, most, names) or subscribe(client, awaits, age, over_at, names, positions)

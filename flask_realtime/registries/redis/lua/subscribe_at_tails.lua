-- Subscribes a client to channels, each from the start given, which may leave out what the log knows, all
-- in one step, unless the client's session has ended; begins logs that are not known, and lists them
-- all. Returns the names of the client's connections; or, if it would be on too many channels, on how
-- many it is, and changes nothing. Its keys are in several slots of a cluster.
local client, session, list = KEYS[1], KEYS[2], KEYS[3]
local awaits, most, age, lives, limits = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]

if heir_of(session) then
    return {}
end
local names, positions = {}, {}
for i = 6, #ARGV, 2 do
    names[#names + 1] = ARGV[i]
    positions[#positions + 1] = ARGV[i + 1]
end
local count = too_many(client, most, names)
if count then
    return count
end
for i = 1, #names do
    local tail = touch(KEYS[2 * i + 2], KEYS[2 * i + 3], true, lives, limits)
    positions[i] = resolve(positions[i], KEYS[2 * i + 3], tail)
end
put_on_list(list, lives, names)
return subscribe(client, awaits, age, names, positions)

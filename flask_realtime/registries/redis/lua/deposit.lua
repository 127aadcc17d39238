-- Lets an item wait for a client's browser, behind what waits already, unless its session has ended.
local waiting, session = KEYS[1], KEYS[2]
local item, most, lives, heir = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local of_session = heir_of(session)
if of_session and (heir == '' or heir ~= of_session) then
    return 0
end
redis.call('RPUSH', waiting, item)
redis.call('LTRIM', waiting, -most, -1)
redis.call('PEXPIRE', waiting, lives)
return 0

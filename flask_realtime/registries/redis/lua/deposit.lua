-- Lets an item wait for the browser of a client, after the items that wait for the client's session
-- already. If the session has ended, only its heir may do so. The oldest items are removed while there
-- are more than most, or more than most_bytes bytes; the new item stays, whatever its size.
-- This command is sent again where its reply was lost. The item does not wait twice then: what another
-- socket has changed since would be changed back.
local waiting, session, deposited, digest, text = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local most, most_bytes, lives, heir = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]

local of_session = heir_of(session)
if of_session and (heir == '' or heir ~= of_session) then
    return 0
end
if not redis.call('SET', deposited, '1', 'NX', 'PX', ARGV[7]) then
    return 0
end
local newest = redis.call('LINDEX', waiting, -1)
local before = 0
if newest then
    local before_newest, _, _, _, text_of_newest = unpack_item(newest)
    before = before_newest + #text_of_newest
end
local count = redis.call('RPUSH', waiting, pack_item(before, digest, '', 0, text))
local bytes = before + #text - unpack_item(redis.call('LINDEX', waiting, 0))
while count > 1 and (count > most or bytes > most_bytes) do
    local _, _, _, _, oldest = unpack_item(redis.call('LPOP', waiting))
    count, bytes = count - 1, bytes - #oldest
end
redis.call('PEXPIRE', waiting, lives)
return 0

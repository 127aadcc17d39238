-- Subscribes a client to channels, unless its session has ended. ARGV has the channels from its sixth value
-- on (see channels_from). Returns the names of the client's connections; or, having changed nothing, the
-- number of its channels if it would be on more than most, or -1 if over_at is given and is over: the
-- caller has given up this call, and the client may have left the channels since, or its user may have
-- been put out of them.
local client, session, awaits, most = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local age, sent, over_at = ARGV[3], ARGV[4], tonumber(ARGV[5])

if over_at and now_in_ms() > over_at then
    return -1
end
if heir_of(session) then
    return {}
end
local channels = channels_from(6)
return too_many(client, most, channels.names) or subscribe(client, awaits, sent, age, channels)

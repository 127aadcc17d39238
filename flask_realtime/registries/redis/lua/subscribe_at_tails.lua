-- Subscribes a client to channels, unless its session has ended. It fills in the positions that the
-- starts leave out (see starts.py), begins logs that are unknown, and puts the channels on the list of
-- known channels. ARGV has the channels from its eighth value on (see channels_from). Returns what
-- subscribe.lua returns.
-- The keys are in several slots, so that a cluster refuses this script.
local client, session, list = KEYS[1], KEYS[2], KEYS[3]
local awaits, most, age, sent = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local over_at, lives, limits = tonumber(ARGV[5]), ARGV[6], ARGV[7]

if over_at and now_in_ms() > over_at then
    return -1
end
if heir_of(session) then
    return {}
end
local channels = channels_from(8)
local count = too_many(client, most, channels.names)
if count then
    return count
end
for i, start in ipairs(channels.starts) do
    local state, log = KEYS[2 * i + 2], KEYS[2 * i + 3]
    channels.starts[i] = resolve(start, state, log, touch(state, log, true, lives, limits, lives))
end
put_on_list(list, lives, channels.names)
return subscribe(client, awaits, sent, age, channels, KEYS[2 * #channels.names + 4])

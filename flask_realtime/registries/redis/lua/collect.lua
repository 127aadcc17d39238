-- Takes the items that wait for the browser of a client. A taker that asks again within lives ms after
-- the first time gets the same items again, since the response to its first request may have been lost.
-- If the session has ended, only the client of its heir gets items.
local waiting, session, digest, taker, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3])

local heir = heir_of(session)
if heir and string.match(heir, '^[^:]*') ~= digest then
    return {}
end
local now = now_in_ms()
local taken, left, found, has_changed = {}, {}, {}, false
for _, entry in ipairs(redis.call('LRANGE', waiting, 0, -1)) do
    local _, of, by, at, text = unpack_item(entry)
    if by ~= '' and at + lives <= now then
        has_changed = true
    else
        if of == digest and by == '' then
            by, at, has_changed = taker, now, true
        end
        if of == digest and by == taker then
            found[#found + 1] = text
        end
        local kept = by == '' and left or taken
        kept[#kept + 1] = {of, by, at, text}
    end
end
if has_changed then
    -- Items that were taken come first, because deposit.lua removes items from the beginning of the
    -- list if there are too many.
    local waits_for = #left > 0 and redis.call('PTTL', waiting) or lives
    redis.call('DEL', waiting)
    local before = 0
    for _, kept in ipairs({taken, left}) do
        for _, item in ipairs(kept) do
            redis.call('RPUSH', waiting, pack_item(before, item[1], item[2], item[3], item[4]))
            before = before + #item[4]
        end
    end
    redis.call('PEXPIRE', waiting, math.max(waits_for, lives))
end
return found

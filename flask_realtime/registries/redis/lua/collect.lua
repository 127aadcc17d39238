-- Takes what waits for the browser of a client. The same taker gets what it has taken again for a
-- while, from the first time on: its answer may have been lost. Of a session that has ended only its
-- heir's client can be given anything.
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
    -- What was taken stands first: it goes first where there is too much.
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

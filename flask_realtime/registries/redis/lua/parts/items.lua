-- Writes an item that waits for a browser: a line with a list in JSON, and after that line the item's
-- own text. The list has
--   before: how many bytes of text were added to the list before it,
--   digest: the digest of the client that the item waits for,
--   taker: who has taken the item, '' if nobody has,
--   at: when it was taken, in ms since 1970.
local function pack_item(before, digest, taker, at, text)
    return cjson.encode({before, digest, taker, at}) .. '\n' .. text
end

-- Returns the values that pack_item was given.
local function unpack_item(entry)
    local behind = string.find(entry, '\n', 1, true)
    local head = cjson.decode(string.sub(entry, 1, behind - 1))
    return head[1], head[2], head[3], head[4], string.sub(entry, behind + 1)
end

-- Drops the items of a list that wait for other clients than that of a digest, which may be ''.
local function keep_items_of(waiting, digest)
    local kept, waits_for = {}, 0
    if digest ~= '' then
        waits_for = redis.call('PTTL', waiting)
        for _, entry in ipairs(redis.call('LRANGE', waiting, 0, -1)) do
            local _, of, by, at, text = unpack_item(entry)
            kept[#kept + 1] = of == digest and {of, by, at, text} or nil
        end
    end
    redis.call('DEL', waiting)
    local before = 0
    for _, item in ipairs(kept) do
        redis.call('RPUSH', waiting, pack_item(before, item[1], item[2], item[3], item[4]))
        before = before + #item[4]
    end
    if #kept > 0 then
        redis.call('PEXPIRE', waiting, waits_for)
    end
end

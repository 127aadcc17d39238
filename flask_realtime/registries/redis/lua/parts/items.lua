-- An item that waits for a browser is a line of JSON, a list of
--   how many bytes of items had been added before it,
--   the digest of its client, who has taken it, or '', and when, in ms,
-- and behind that line the item's own text.
local function pack_item(before, digest, taker, at, text)
    return cjson.encode({before, digest, taker, at}) .. '\n' .. text
end

-- Returns what pack_item was given.
local function unpack_item(entry)
    local behind = string.find(entry, '\n', 1, true)
    local head = cjson.decode(string.sub(entry, 1, behind - 1))
    return head[1], head[2], head[3], head[4], string.sub(entry, behind + 1)
end

-- Takes what waits. What was taken stays a moment under the taker's own name, for it may ask again
-- when the answer got lost, here or on its way to the browser, and gets it with what came since.
-- Of a session that has ended only its heir can be given anything.
local waiting, taken, session, lives, digest = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]

local heir = heir_of(session)
if heir and string.match(heir, '^[^:]*') ~= digest then
    redis.call('DEL', waiting, taken)
    return {}
end
if redis.call('EXISTS', waiting) == 1 and redis.call('RENAMENX', waiting, taken) == 0 then
    for _, item in ipairs(redis.call('LRANGE', waiting, 0, -1)) do
        redis.call('RPUSH', taken, item)
    end
    redis.call('DEL', waiting)
end
redis.call('PEXPIRE', taken, lives)
return redis.call('LRANGE', taken, 0, -1)

-- Takes what waits. What was taken stays a moment under the taker's own name, for it may ask again
-- when the answer got lost, here or on its way to the browser, and gets it with what came since.
local waiting, taken, lives = KEYS[1], KEYS[2], ARGV[1]

if redis.call('EXISTS', waiting) == 1 and redis.call('RENAMENX', waiting, taken) == 0 then
    for _, item in ipairs(redis.call('LRANGE', waiting, 0, -1)) do
        redis.call('RPUSH', taken, item)
    end
    redis.call('DEL', waiting)
end
redis.call('PEXPIRE', taken, lives)
return redis.call('LRANGE', taken, 0, -1)

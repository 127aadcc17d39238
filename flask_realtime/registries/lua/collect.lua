-- Takes what waits. What was taken stays a moment under the taker's own name, for it may ask again
-- when the reply got lost.
local waiting, taken, lives = KEYS[1], KEYS[2], ARGV[1]

if redis.call('EXISTS', taken) == 0 and redis.call('EXISTS', waiting) == 1 then
    redis.call('RENAME', waiting, taken)
    redis.call('PEXPIRE', taken, lives)
end
return redis.call('LRANGE', taken, 0, -1)

-- Lets a key live for at least lives ms from now on. The time is never shortened, because another
-- process may have asked for more.
local function keep(key, lives)
    if redis.call('PTTL', key) < tonumber(lives) then
        redis.call('PEXPIRE', key, lives)
    end
end

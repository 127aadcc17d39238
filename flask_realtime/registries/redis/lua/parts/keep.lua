-- Lets a key live for at least so long from now on, in ms. It is never shortened: another process may
-- have been promised more.
local function keep(key, lives)
    if redis.call('PTTL', key) < tonumber(lives) then
        redis.call('PEXPIRE', key, lives)
    end
end

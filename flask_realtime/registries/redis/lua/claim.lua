-- Notes for lives ms that an app uses a prefix of keys, unless another app does. ARGV has, from its
-- second value on, the names of the app: the present one first, then former ones. Returns the name of
-- the other app, or '' if there is none.
local owner, lives = KEYS[1], ARGV[1]

local known = redis.call('GET', owner)
for i = 2, #ARGV do
    if not known or known == ARGV[i] then
        redis.call('SET', owner, ARGV[2], 'PX', lives)
        return ''
    end
end
return known

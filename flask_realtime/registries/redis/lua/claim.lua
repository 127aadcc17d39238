-- Notes that an app uses a prefix, unless another app does. From its second value on ARGV has the names
-- of the app: the present one, then former ones. Returns the name of the other app, '' if there is none.
local owner, lives = KEYS[1], ARGV[1]

local known = redis.call('GET', owner)
for i = 2, #ARGV do
    if not known or known == ARGV[i] then
        redis.call('SET', owner, ARGV[2], 'PX', lives)
        return ''
    end
end
return known

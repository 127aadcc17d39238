-- Puts channels on the list of known channels, for at least lives ms from now on.
local list, lives = KEYS[1], ARGV[1]

local names = {}
for i = 2, #ARGV do
    names[#names + 1] = ARGV[i]
end
put_on_list(list, lives, names)
return 0

-- Subscribes a client from the positions given; returns the tokens of its connections.
local client, awaits, new_epoch, tag = KEYS[1], ARGV[1], ARGV[2], ARGV[3]

local starts = {}
for i = 4, #ARGV do
    starts[#starts + 1] = ARGV[i]
end
return subscribe(client, awaits, new_epoch, tag, starts)

-- Subscribes a client from the positions given; returns the connections of its connections.
local client, awaits = KEYS[1], ARGV[1]

local starts = {}
for i = 2, #ARGV do
    starts[#starts + 1] = ARGV[i]
end
return subscribe(client, awaits, starts)

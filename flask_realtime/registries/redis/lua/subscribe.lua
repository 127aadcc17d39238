-- Subscribes a client from the positions given; returns the names of its connections.
local client, session, awaits = KEYS[1], KEYS[2], ARGV[1]

local starts = {}
for i = 2, #ARGV do
    starts[#starts + 1] = ARGV[i]
end
return subscribe(client, session, awaits, starts)

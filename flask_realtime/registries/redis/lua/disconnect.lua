-- Announces an order to all processes, and keeps it for those that do not hear it.
local disconnects, announced_on, text, most, lives = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- A Redis that refuses to write (it is out of memory, cannot save, or lacks replicas) does not keep
-- the order, but announces it. One that is only out of memory keeps it, because the script has
-- written before.
redis.pcall('PEXPIRE', disconnects, lives)
local id = redis.pcall('XADD', disconnects, 'MAXLEN', '~', most, '*', 'e', text)
if type(id) == 'table' then
    id = ''
end
redis.pcall('PEXPIRE', disconnects, lives)
redis.call('PUBLISH', announced_on, id .. ' ' .. text)
return 0

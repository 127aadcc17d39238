-- Notes that a session has ended, for as long as its clients could come back. What waits for it is
-- dropped: only what the heir lets wait from now on can be taken.
local session, waiting, heir, awaits, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]

-- A Redis that is out of memory refuses what takes memory, unless the script has written before. The
-- end must be noted then as well, because connect.lua, which writes in this way, lets pages in.
redis.call('PEXPIRE', session, lives)
local had_socket = redis.call('HEXISTS', session, 'opened') == 1
if redis.call('HSETNX', session, 'heir', heir) == 1 then
    redis.call('DEL', waiting)
end
redis.call('PEXPIRE', session, had_socket and lives or awaits)
return 0

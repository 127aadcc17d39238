-- Writes the tombstone of a session, which lives as long as clients of the session could come back. It
-- drops the items that wait for the session; only those that the heir adds later can be taken.
local session, waiting, heir, awaits, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]

-- A Redis that is out of memory refuses commands that take memory, unless the script has written
-- before: hence this PEXPIRE. The tombstone must be written even then, because connect.lua, which does
-- the same, goes on letting pages in.
redis.call('PEXPIRE', session, lives)
local had_socket = redis.call('HEXISTS', session, 'opened') == 1
if redis.call('HSETNX', session, 'heir', heir) == 1 then
    redis.call('DEL', waiting)
end
redis.call('PEXPIRE', session, had_socket and lives or awaits)
return 0

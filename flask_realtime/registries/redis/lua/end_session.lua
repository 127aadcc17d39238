-- Writes the tombstone of a session, which lives as long as clients of the session could come back. It
-- drops the items that wait for the session, but for those of the heir's client; these, and what the
-- heir adds later, can be taken.
-- The session ended age ms ago. Of several ends the one counts that was noted first. Returns
--   how many ms ago the session had ended, at least 1; 0 if it had not ended before, or only by this
--   very end, whose reply was lost: no two ends have the same successor,
--   the successor that a later end has given the session, which ends with it; '' if there is none.
local session, waiting, heir, awaits, lives = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local age, successor = ARGV[4], ARGV[5]

-- A Redis that is out of memory refuses commands that take memory, unless the script has written
-- before: hence this PEXPIRE. The tombstone must be written even then, because connect.lua, which does
-- the same, goes on letting pages in.
redis.call('PEXPIRE', session, lives)
local had_socket = redis.call('HEXISTS', session, 'opened') == 1
local ended_ago, orphan = 0, ''
if redis.call('HSETNX', session, 'heir', heir) == 1 then
    redis.call('HSET', session, 'ended', as_moment(now_in_ms() - age), 'successor', successor)
    keep_items_of(waiting, string.match(heir, '^[^:]*'))
else
    local now = now_in_ms()
    local ended = tonumber(redis.call('HGET', session, 'ended') or '0')
    local noted = redis.call('HGET', session, 'successor')
    local is_the_same = successor ~= '' and noted == successor
    ended_ago = is_the_same and 0 or math.max(now - ended, 1)
    -- An end of now is never the earlier one, even if the clock was set back since the other.
    if tonumber(age) > 0 and ended > now - age then
        orphan = is_the_same and '' or noted
        if heir_of(session) ~= heir then
            redis.call('HSET', session, 'heir', '')
            redis.call('DEL', waiting)
        end
    end
end
redis.call('PEXPIRE', session, had_socket and lives or awaits)
return {ended_ago, orphan}

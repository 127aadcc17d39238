-- A session is a hash with these fields; a moment is a time in ms since 1970:
--   opened      the moment at which its first socket was opened
--   heir        there once the session has ended: the name of the message that has ended it, or ''
--   ended       the moment of the end that was noted first
--   successor   the digest of the session that took its place by that end, or ''

-- Returns the heir of a session that has ended: the one who may still add and take items that wait for
-- the session. '' if the session has ended without an heir, false if it has not ended.
local function heir_of(session)
    return redis.call('HGET', session, 'heir')
end

-- Notes that a session has, or just had, an open socket, which was opened at a moment or, if that is nil,
-- now; the moment of its first socket stays. A Redis that is out of memory may refuse this. The session's
-- tombstone is kept for a shorter time then.
local function note_socket(session, lives, moment)
    redis.pcall('HSETNX', session, 'opened', as_moment(moment or now_in_ms()))
    redis.call('PEXPIRE', session, lives)
end

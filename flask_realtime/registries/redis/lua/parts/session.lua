-- Returns the heir of a session that has ended: the one who may still add and take items that wait for
-- the session. '' if the session has ended without an heir, false if it has not ended.
local function heir_of(session)
    return redis.call('HGET', session, 'heir')
end

-- Notes that a session has, or just had, an open socket; the moment of its first socket stays. A Redis
-- that is out of memory may refuse this. The session's tombstone is kept for a shorter time then.
local function note_socket(session, lives)
    redis.pcall('HSETNX', session, 'opened', as_moment(now_in_ms()))
    redis.call('PEXPIRE', session, lives)
end

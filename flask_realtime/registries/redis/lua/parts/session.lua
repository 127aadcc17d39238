-- The heir of a session that has ended, who may still take what waits; '' if it has none, false if the
-- session has not ended.
local function heir_of(session)
    return redis.call('HGET', session, 'heir')
end

-- Notes that a socket of the session is open, or just was; the first moment of that is kept. A Redis
-- that is out of memory refuses it, which costs no more than that a tombstone of the session lives for
-- a short while.
local function note_socket(session, lives)
    redis.pcall('HSETNX', session, 'opened', as_moment(now_in_ms()))
    redis.call('PEXPIRE', session, lives)
end

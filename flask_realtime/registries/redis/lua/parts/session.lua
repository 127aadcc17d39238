-- Who may still take what waits for a session that has ended, '' for nobody; false: it has not.
local function heir_of(session)
    return redis.call('HGET', session, 'heir')
end

-- Notes that a socket of the session is open, or just was. Refused by a Redis out of memory, which
-- costs no more than that a tombstone of the session would live for a short while.
local function note_socket(session, lives)
    redis.pcall('HSET', session, 'opened', '1')
    redis.call('PEXPIRE', session, lives)
end

-- Returns the names of the known channels.
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. as_moment(now_in_ms()), '+inf')

-- Returns the names on the list of known channels whose time is not over.
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. as_moment(now_in_ms()), '+inf')

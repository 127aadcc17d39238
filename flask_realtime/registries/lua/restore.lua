-- Writes a client again from what its process knew, where that has been lost: the hash is gone, was
-- begun anew (what it has stands beside what was known), or went back (what was known counts).
-- Returns the client as it is now.
local client, token, lives = KEYS[1], ARGV[1], ARGV[2]
local epoch, seq, tag, new_epoch, new_tag = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]

local at = redis.call('HGET', client, 'at') or new_epoch .. ':0:'
local its_epoch, its_seq, its_tag = string.match(at, '^([^:]*):(%d+):(.*)$')
its_seq = tonumber(its_seq)
local is_other = its_epoch ~= epoch
local went_back = not is_other and (its_seq < seq or (its_seq == seq and its_tag ~= tag))

if went_back then
    for _, field in ipairs(redis.call('HKEYS', client)) do
        if string.find(field, '^since:') or string.find(field, '^sent:') then
            redis.call('HDEL', client, field)
        end
    end
    its_seq = seq
end
if is_other or went_back then
    for i = 8, #ARGV, 3 do
        redis.call('HSETNX', client, 'since:' .. ARGV[i], ARGV[i + 1])
        if ARGV[i + 2] ~= '' then
            redis.call('HSETNX', client, 'sent:' .. ARGV[i], ARGV[i + 2])
        end
    end
    redis.call('HSET', client, 'at', string.format('%s:%.0f:%s', its_epoch, its_seq + 1, new_tag))
end
-- One that is not known came after the snapshot that Redis went back to, if it went back, and so
-- after the one that the snapshot has as the latest, which may never end for it to be so.
if redis.call('HSET', client, 'token:' .. token, '') == 1 then
    redis.call('HSET', client, 'latest', token)
end
redis.call('HDEL', client, 'unknown')
redis.call('HSET', client, 'arrived', '1')
redis.call('PEXPIRE', client, lives)
return redis.call('HGETALL', client)

#!lua
-- Renews a lease or a ticket (P5). KEYS: the user. ARGV: call, lease (ms).
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local until_then = string.format('%.0f', now + tonumber(ARGV[2]))
local own = redis.call('HMGET', KEYS[1], 'c', 'q')
if own[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'e', until_then)
  return {1, now}
end
local queue, found = '', 0
for ticket, its_tap, its_end in string.gmatch(own[2] or '', '([^;]*);([^;]*);([^ ]*) ') do
  if ticket == ARGV[1] then its_end, found = until_then, 1 end
  queue = queue .. ticket .. ';' .. its_tap .. ';' .. its_end .. ' '
end
if found == 1 then redis.call('HSET', KEYS[1], 'q', queue) end
return {found, now}

#!lua
-- Ends a turn, or leaves the line, or adds what a late holder brings (P3, P5). Every write of a session is here.
-- KEYS: the user. ARGV: call, whether to write, lease (ms), kept (ms), when shown (ms), what was shown, whether it told
-- of an interrupted message or a first contact, whether it gives the turn back, channel, marks to drop: a count and each, items that went: a
-- count and each, items: name and value each.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local call, lease = ARGV[1], tonumber(ARGV[3])
local function ms(number) return string.format('%.0f', number) end
local key = KEYS[1]
local own = redis.call('HMGET', key, 'c', 'q', 'f', 'a')
local holds = own[1] == call
if ARGV[2] == '1' then
  local shown = ARGV[6]
  if holds or (shown ~= '' and tonumber(ARGV[5]) > tonumber(own[4] or 0)) then
    if shown == '' then redis.call('HDEL', key, 'v', 'a') else redis.call('HSET', key, 'v', shown, 'a', ARGV[5]) end
  end
  if ARGV[7] == '1' then redis.call('HDEL', key, 'i', 'w') end
  local at = 10
  local count = tonumber(ARGV[at])
  for place = at + 1, at + count do redis.call('HDEL', key, ARGV[place]) end
  at = at + count + 1
  count = tonumber(ARGV[at])
  for place = at + 1, at + count do
    -- Who brings it again later finds that it went.
    redis.call('HDEL', key, ARGV[place])
    redis.call('HSET', key, 'x' .. ARGV[place], ms(now))
  end
  for place = at + count + 1, #ARGV, 2 do
    if redis.call('HEXISTS', key, 'x' .. ARGV[place]) == 0 then
      redis.call('HSET', key, ARGV[place], ARGV[place + 1])
    end
  end
  redis.call('PEXPIRE', key, ARGV[4])
end
if ARGV[8] ~= '1' then return {holds and 1 or 0, now} end

local queue, left = {}, ''
for ticket, its_tap, its_end in string.gmatch(own[2] or '', '([^;]*);([^;]*);([^ ]*) ') do
  if ticket ~= call and tonumber(its_end) >= now then queue[#queue + 1] = {ticket, its_tap, its_end} end
end
if holds then
  local next_one = table.remove(queue, 1)
  if next_one then
    redis.call('HSET', key, 'c', next_one[1], 'e', ms(now + lease), 'b', ms(now), 't', next_one[2], 'g', '1')
    redis.call('PUBLISH', ARGV[9] .. string.sub(next_one[1], 1, 16), 'W' .. next_one[1])
  else
    redis.call('HDEL', key, 'c', 'e', 'b', 't', 'g')
  end
end
for _, ticket in ipairs(queue) do left = left .. ticket[1] .. ';' .. ticket[2] .. ';' .. ticket[3] .. ' ' end
if own[2] and left ~= own[2] then
  if left == '' then redis.call('HDEL', key, 'q') else redis.call('HSET', key, 'q', left) end
end
local answer, others, told = {holds and 1 or 0, now}, '', {}
for of, replica in string.gmatch(own[3] or '', '([^;]*);([^ ]*) ') do
  if of ~= call then
    others = others .. of .. ';' .. replica .. ' '
  elseif told[replica] then
    -- A replica gives what it is told to all who follow there.
  elseif ARGV[2] == '1' then
    told[replica] = true
    answer[#answer + 1] = replica
  else
    told[replica] = true
    redis.call('PUBLISH', ARGV[9] .. replica, 'N' .. call)
  end
end
if own[3] and others ~= own[3] then
  if others == '' then redis.call('HDEL', key, 'f') else redis.call('HSET', key, 'f', others) end
end
return answer

#!lua
-- Begins a turn, or stands in the line, or follows the same tap (P5, I3, I6).
-- KEYS: the user, that they are known. ARGV: call, not after (ms), lease (ms), most in line, tap, whether a lease that is
-- over may be taken over, how long a user stays known (ms), channel.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local call, lease, tap = ARGV[1], tonumber(ARGV[3]), ARGV[5]
local function ms(number) return string.format('%.0f', number) end
-- A question that was on its way too long does nothing: its caller has gone on without an answer (P6).
if now > tonumber(ARGV[2]) then return {0, now} end

local own = redis.call('HMGET', KEYS[1], 'c', 'e', 'b', 't', 'g', 'q', 'f', 'i')
local holder, over, followers = own[1], tonumber(own[2] or 0), own[7] or ''
local patient = ARGV[6] == '0'
local queue, mine = {}, nil
for ticket, its_tap, its_end in string.gmatch(own[6] or '', '([^;]*);([^;]*);([^ ]*) ') do
  -- Whoever waits renews their ticket; one that is over is a dead replica's.
  if patient or tonumber(its_end) >= now or ticket == call then
    queue[#queue + 1] = {ticket, its_tap, its_end}
    if ticket == call then mine = #queue end
  end
end
local function keep_queue()
  local text = ''
  for _, ticket in ipairs(queue) do text = text .. ticket[1] .. ';' .. ticket[2] .. ';' .. ticket[3] .. ' ' end
  if text == '' then redis.call('HDEL', KEYS[1], 'q') else redis.call('HSET', KEYS[1], 'q', text) end
end
local function stand(until_then)
  if mine then
    queue[mine][3] = ms(now + lease)
  else
    local same = nil
    if tap ~= '' then
      if holder and own[4] == tap then same = holder end
      for _, ticket in ipairs(queue) do
        if not same and ticket[2] == tap then same = ticket[1] end
      end
    end
    if same then
      local many = 0
      for of in string.gmatch(followers, '([^;]*);[^ ]* ') do
        if of == same then many = many + 1 end
      end
      if many + 1 >= tonumber(ARGV[4]) then return {4, now} end
      redis.call('HSET', KEYS[1], 'f', followers .. same .. ';' .. string.sub(call, 1, 16) .. ' ')
      keep_queue()
      return {3, now, same}
    end
    if #queue + 1 >= tonumber(ARGV[4]) then return {4, now} end
    queue[#queue + 1] = {call, tap, ms(now + lease)}
  end
  keep_queue()
  return {2, now, until_then}
end

if holder and holder ~= call and (over >= now or patient) then return stand(over) end
if holder and holder ~= call then
  -- The holder is gone. Its message may be with the bot, and is never sent again (P3).
  if own[5] ~= '1' and not own[8] then redis.call('HSET', KEYS[1], 'i', own[3] or ms(now)) end
  local left = ''
  for of, replica in string.gmatch(followers, '([^;]*);([^ ]*) ') do
    if of == holder then
      redis.call('PUBLISH', ARGV[8] .. replica, 'N' .. of)
    else
      left = left .. of .. ';' .. replica .. ' '
    end
  end
  followers = left
  if followers == '' then redis.call('HDEL', KEYS[1], 'f') else redis.call('HSET', KEYS[1], 'f', followers) end
  holder = false
end
if holder ~= call and queue[1] and queue[1][1] ~= call then
  -- Others came before.
  local next_one = table.remove(queue, 1)
  if mine then mine = mine - 1 end
  redis.call('HSET', KEYS[1], 'c', next_one[1], 'e', ms(now + lease), 'b', ms(now), 't', next_one[2], 'g', '1')
  redis.call('PUBLISH', ARGV[8] .. string.sub(next_one[1], 1, 16), 'W' .. next_one[1])
  holder, own[4] = next_one[1], next_one[2]
  return stand(now + lease)
end
if mine then table.remove(queue, mine) end
keep_queue()
redis.call('HSET', KEYS[1], 'c', call, 'e', ms(now + lease), 'b', ms(now), 't', tap)
redis.call('HDEL', KEYS[1], 'g')
local known_for, is_new = tonumber(ARGV[7]), 0
-- A user's key gets its time again by the end of each turn; that of a gate by each begin, for its ends write nothing.
if redis.call('HINCRBY', KEYS[1], 'n', 1) == 1 or known_for == 0 then redis.call('PEXPIRE', KEYS[1], 86400000) end
if known_for > 0 then
  local left = redis.call('PTTL', KEYS[2])
  -- Decided once; the mark stays until a turn has told of it, so that a replica that dies first leaves it to the next (E3).
  if left < 0 then redis.call('HSET', KEYS[1], 'w', '1') end
  is_new = redis.call('HEXISTS', KEYS[1], 'w')
  -- Written again while half of its time is left.
  if left < known_for / 2 then redis.call('SET', KEYS[2], '1', 'PX', ms(known_for)) end
end
return {1, now, is_new, redis.call('HGETALL', KEYS[1])}

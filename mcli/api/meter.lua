-- The log of starts that machines share: meter.py and meter_sqlite.py say what it means, and a test
-- holds the three together. ARGV: what to do, for whom, seconds that a place is held, seconds that
-- who waits is believed alive, the moment ("" is Redis's own clock), and what that takes.
local METER, STARTS, ROWS, WAITING, ASKS, LIMITS = unpack(KEYS)
local op, id, hold, lease, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local call = redis.call
if not now then
  local time = call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function number(text) return tonumber(text or '') or 0 end
local function precise(value) return string.format('%.6f', value) end
local function field(name) return number(call('HGET', METER, name)) end
local function add(name, more) -- 0 as well, since nothing may be "-0"
  call('HINCRBY', METER, name, string.format('%.0f', more + 0))
end

local function row(start)
  local tokens, settled = string.match(call('HGET', ROWS, start) or '', '^(%d+) (%d)$')
  return number(tokens), settled == '1'
end

local function drop(start)
  local tokens, settled = row(start)
  call('ZREM', STARTS, start)
  call('HDEL', ROWS, start)
  add('count', -1)
  add('tokens', -tokens)
  if settled then
    add('settled', -1)
    add('settled_tokens', -tokens)
  end
end

local function leave(who)
  call('ZREM', WAITING, who)
  call('HDEL', ASKS, who)
end

local function lower(one, other)
  if one == 0 or (other ~= 0 and other < one) then return other end
  return one
end

-- What is later than now was written before the clock went back: it counts as if it were now.
local function tidy()
  for _, start in ipairs(call('ZRANGEBYSCORE', STARTS, '(' .. precise(now), '+inf')) do
    call('ZADD', STARTS, precise(now), start)
  end
  if field('following') > now + hold then call('HSET', METER, 'following', precise(now + hold)) end
  if field('paused_at') > now then call('HSET', METER, 'paused_until', 0) end
  for _, start in ipairs(call('ZRANGEBYSCORE', STARTS, '-inf', precise(now - hold))) do drop(start) end
end

-- The lowest limits among those who started in the window (0 is none).
local function lowest()
  local rpm, tpm, said = 0, 0, call('HGETALL', LIMITS)
  for at = 1, #said, 2 do
    local last = number(said[at + 1])
    if last > now then call('HSET', LIMITS, said[at], precise(now)) end
    if last <= now - hold then
      call('HDEL', LIMITS, said[at])
    else
      local r, t = string.match(said[at], '^(%d+) (%d+)$')
      rpm, tpm = lower(rpm, number(r)), lower(tpm, number(t))
    end
  end
  return rpm, tpm
end

-- Those who wait ahead of `id`, and the limits lowered by all who wait.
local function line(rpm, tpm)
  local ahead, behind = {}, false
  for _, who in ipairs(call('ZRANGE', WAITING, 0, -1)) do
    local seen, tokens, r, t = string.match(call('HGET', ASKS, who) or '', '^(%S+) (%d+) (%d+) (%d+)$')
    if number(seen) > now then
      seen = precise(now)
      call('HSET', ASKS, who, table.concat({seen, tokens, r, t}, ' '))
    end
    if number(seen) <= now - lease then
      leave(who)
    else
      behind = behind or who == id
      if not behind then ahead[#ahead + 1] = number(tokens) end
      rpm, tpm = lower(rpm, number(r)), lower(tpm, number(t))
    end
  end
  return ahead, rpm, tpm
end

-- The moment by which so many places, or tokens, are free that are taken now.
local function freed(need, weight)
  if need <= 0 then return 0 end
  local starts = call('ZRANGE', STARTS, 0, -1, 'WITHSCORES')
  for at = 1, #starts, 2 do
    local tokens, settled = row(starts[at])
    local share = weight == 'place' and 1 or ((weight == 'all' or settled) and tokens or 0)
    need = need - share
    if share > 0 and need <= 0 then return number(starts[at + 1]) + hold end
  end
  return now + hold
end

-- Which of the starts that are spaced, in a window more than half full, one with `ahead` before it is.
local function beyond(rpm, tpm, ahead)
  local count = field('count')
  if count == 0 then return 0 end
  if tpm > 0 and field('settled_tokens') * 2 > tpm then return ahead + 1 end
  if rpm == 0 then return 0 end
  return math.min(count + ahead + 1 - math.floor((rpm + 1) / 2), ahead + 1)
end

local function spacing(rpm, tpm)
  local settled, share = field('settled'), 0
  if rpm > 0 then share = 1 / rpm end
  if tpm > 0 and settled > 0 then
    share = math.max(share, math.min(field('settled_tokens') / settled / tpm, 1))
  end
  return share * hold
end

local function paced(rpm, tpm, ahead)
  local steps = beyond(rpm, tpm, ahead)
  if steps <= 0 then return 0 end
  return math.max(field('following'), now - hold / 60) + (steps - 1) * spacing(rpm, tpm)
end

local function following(rpm, tpm)
  if beyond(rpm, tpm, 0) > 0 then
    return math.max(field('following'), now - hold / 60) + spacing(rpm, tpm)
  end
  return math.max(field('following'), now + spacing(rpm, tpm))
end

local function enter(tokens)
  if not call('ZSCORE', WAITING, id) then
    call('ZADD', WAITING, call('HINCRBY', METER, 'ticket', 1), id)
  end
  call('HSET', ASKS, id, table.concat({precise(now), ARGV[6], ARGV[7], ARGV[8]}, ' '))
  local ahead, rpm, tpm = line(lowest())
  local count = field('count')
  local least = math.max(field('paused_until'), paced(rpm, tpm, 0))
  local wait = math.max(least, paced(rpm, tpm, #ahead))
  if rpm > 0 then
    least = math.max(least, freed(count + 1 - rpm, 'place'))
    wait = math.max(wait, freed(#ahead + count + 1 - rpm, 'place'))
  end
  if tpm > 0 then
    local before, mine = 0, math.min(tokens, tpm)
    for _, each in ipairs(ahead) do before = before + math.min(each, tpm) end
    wait = math.max(wait, freed(field('tokens') + before + mine - tpm, 'all'))
    least = math.max(least, freed(field('settled_tokens') + mine - tpm, 'settled'))
  end
  if wait <= now then
    leave(id)
    call('HSET', METER, 'following', precise(following(rpm, tpm)))
    call('ZADD', STARTS, precise(now), id)
    call('HSET', ROWS, id, ARGV[6] .. ' 0')
    add('count', 1)
    add('tokens', tokens)
    call('HSET', LIMITS, ARGV[7] .. ' ' .. ARGV[8], precise(now))
  end
  return {precise(math.max(0, wait - now)), precise(math.max(0, least - now))}
end

local function settle(tokens, sent)
  local known, settled = row(id)
  if settled or not call('ZSCORE', STARTS, id) then return end
  if sent == '0' then return drop(id) end
  tokens = tonumber(tokens) or known
  call('HSET', ROWS, id, string.format('%.0f 1', tokens))
  add('tokens', tokens - known)
  add('settled', 1)
  add('settled_tokens', tokens)
end

local told = {'0', '0'}
if op == 'enter' then
  tidy()
  told = enter(number(ARGV[6]))
elseif op == 'leave' then
  leave(id)
elseif op == 'settle' then
  settle(ARGV[6], ARGV[7])
elseif op == 'pause' then
  local later = math.max(field('paused_until'), now + number(ARGV[6]))
  call('HSET', METER, 'paused_at', precise(now), 'paused_until', precise(later))
end
for _, key in ipairs(KEYS) do call('EXPIRE', key, math.ceil(hold + 180)) end
return told

"""The steps that Redis takes as one, in its own language: keeping an event, and reading on from an id.

The events stand in a stream, event n under 0-n; beside it a hash says the epoch, and what is known of its beginning.
"""

from __future__ import annotations

#: What both begin with. A log is new, or was broken (its keys were dropped, in part or in whole): then an epoch begins,
#: and its numbers go on behind all that this node has seen.
_BEGINNING = """
local state, events = KEYS[1], KEYS[2]
local fresh_epoch, seen = ARGV[1], tonumber(ARGV[2])
local function text(number) return string.format('%.0f', number) end
local function number_in(id) return tonumber(string.match(id, '%-(%d+)$')) end
local function field(entry, name)
    for place = 1, #entry[2], 2 do
        if entry[2][place] == name then return entry[2][place + 1] end
    end
end
local kept = redis.call('HMGET', state, 'epoch', 'n', 'opened', 'dropped', 'bytes', 'run')
local epoch, n, opened = kept[1], tonumber(kept[2] or '0'), tonumber(kept[3] or '-1')
local dropped, bytes, run = tonumber(kept[4] or '0'), tonumber(kept[5] or '0'), kept[6]
local last = redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]
if last and string.sub(last[1], 1, 2) ~= '0-' then return redis.error_reply('FOREIGN the stream of another program') end
local newest = last and number_in(last[1]) or 0
local function begin()
    n = math.max(n, newest, seen)
    if last then n = n + 1 end  -- a hole: what stands here is of before, and what is lost behind it is not known
    epoch, opened, dropped = fresh_epoch, n, n
    if last then
        dropped = number_in(redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1][1]) - 1
        bytes = math.max(bytes, tonumber(field(last, 'z') or '0'))
    end
    redis.call('HSET', state, 'epoch', epoch, 'n', text(n), 'opened', text(opened), 'dropped', text(dropped),
        'bytes', text(bytes))
end
if not epoch or (newest ~= n and n ~= opened) then begin() end
"""

#: ARGV: an epoch to begin with, the highest number seen, a token, the number behind which an event with this token may
#: stand already ("" at a first attempt), max_events, max_bytes, how long the log outlives its newest event in ms (0:
#: for ever), the event's size, and its fields.
#: The epoch changes also where Redis itself is another process: it may have forgotten what it had said was kept.
APPEND = (
    _BEGINNING
    + """
local token, tried_after = ARGV[3], ARGV[4]
local mark = 'k:' .. token
local kept_by_retry = redis.call('HGET', state, mark)
if kept_by_retry then  -- this is the first attempt, held up on its way and overtaken
    return {string.match(kept_by_retry, '^[^-]+'), text(number_in(kept_by_retry))}
end
if tried_after ~= '' then
    for _, entry in ipairs(redis.call('XRANGE', events, '0-' .. text(tonumber(tried_after) + 1), '+')) do
        if field(entry, 'k') == token then return {field(entry, 'e'), text(number_in(entry[1]))} end
    end
end
local max_events, max_bytes, lifetime_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local info = redis.pcall('INFO', 'server')
local run_now = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
if run and run ~= run_now then
    if epoch ~= fresh_epoch then epoch, opened = fresh_epoch, -1 end
    n = math.max(n, seen)
end
n = n + 1
local fields = {'e', epoch, 'z', text(bytes), 'k', token}
for place = 9, #ARGV do fields[#fields + 1] = ARGV[place] end
redis.call('XADD', events, '0-' .. text(n), unpack(fields))
bytes = bytes + tonumber(ARGV[8])
local first_kept = math.max(dropped + 1, n - max_events + 1)
local too_large = true
while too_large do
    too_large = false
    for _, entry in ipairs(redis.call('XRANGE', events, '0-' .. text(first_kept), '+', 'COUNT', 10)) do
        too_large = number_in(entry[1]) < n and bytes - tonumber(field(entry, 'z')) > max_bytes
        if not too_large then break end
        first_kept = number_in(entry[1]) + 1
    end
end
if first_kept - 1 > dropped then
    dropped = first_kept - 1
    -- The newest of those that are dropped stays: whoever has seen it is known by it.
    redis.call('XTRIM', events, 'MINID', '0-' .. text(dropped))
end
redis.call('HSET', state, 'epoch', epoch, 'n', text(n), 'opened', text(opened), 'dropped', text(dropped),
    'bytes', text(bytes), 'run', run_now)
if tried_after ~= '' then  -- the first attempt may still come
    for _, older in ipairs(redis.call('HKEYS', state)) do
        if string.sub(older, 1, 2) == 'k:' and number_in(redis.call('HGET', state, older)) < n - 1000 then
            redis.call('HDEL', state, older)
        end
    end
    redis.call('HSET', state, mark, epoch .. '-' .. text(n))
end
if lifetime_ms > 0 then
    redis.call('PEXPIRE', state, lifetime_ms)
    redis.call('PEXPIRE', events, lifetime_ms)
end
return {epoch, text(n)}
"""
)

#: ARGV: an epoch to begin with, the highest number seen, the epoch and the number that a reader has (-1: no number),
#: and how many entries it wants. Gives the newest id, whether there is a gap, and the entries behind the reader's.
READ = (
    _BEGINNING
    + """
local asked_epoch, asked, count = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local known = asked == opened and asked_epoch == epoch
if asked > 0 and not known then
    local witness = redis.call('XRANGE', events, '0-' .. text(asked), '0-' .. text(asked))[1]
    known = witness and field(witness, 'e') == asked_epoch
end
local start = dropped
if known and asked >= dropped then start = asked end
local entries = {}
if count > 0 then
    entries = redis.call('XRANGE', events, '0-' .. text(start + 1), '+', 'COUNT', count)
end
-- Numbers that are missing stood for events that Redis has forgotten.
local lost = not known or asked < dropped or (entries[1] and number_in(entries[1][1]) ~= start + 1)
    or (count > 0 and not entries[1] and start < n)
return {epoch, text(n), lost and 1 or 0, entries}
"""
)

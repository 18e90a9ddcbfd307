-- Sends each line of a file as the body of one enrolment, and notes when there were no more.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]
local threads = {}

local function now()
  local moment = ffi.new("moment")
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  bodies = io.lines(arguments[1] .. "." .. number)
  sent, began, ended = 0, 0, 0
end

function request()
  local body = ended == 0 and bodies()
  if not body then
    if ended == 0 then ended = now() end
    wrk.thread:stop()
    -- For a connection that was ready all the same.
    return wrk.format("GET", "/openapi.json")
  end
  if sent == 0 then began = now() end
  sent = sent + 1
  return wrk.format("POST", "/v1/enroll", { ["Content-Type"] = "application/json" }, body)
end

-- How many were done, in how many microseconds, and how many were refused or broke off.
function done(summary)
  local sent, began, ended = 0, math.huge, 0
  for _, thread in ipairs(threads) do
    sent = sent + thread:get("sent")
    began = math.min(began, thread:get("began"))
    ended = math.max(ended, thread:get("ended"))
  end
  local span = ended > 0 and (ended - began) * 1e6 or summary.duration
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    "enrolled %d %d %d %d\n", math.min(sent, summary.requests), span, summary.errors.status, broken))
end

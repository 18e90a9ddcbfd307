-- Sends each line of a file as the body of one enrolment, and stops when there are no more.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  bodies = io.lines(arguments[1] .. "." .. number)
  refused = 0
end

function request()
  local body = bodies()
  if not body then
    wrk.thread:stop()
    -- wrk wants something to send for a connection that was ready before the others heard of the end.
    return wrk.format("GET", "/openapi.json")
  end
  return wrk.format("POST", "/v1/enroll", { ["Content-Type"] = "application/json" }, body)
end

function done(summary)
  io.write(string.format(
    "enrolled %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end

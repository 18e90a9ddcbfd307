/// Waits until `condition` is true, looking again every few milliseconds, and throws when it is not in time.
///
/// For what can only be looked at, like a log file or another process's answer. The bound is generous so that it
/// only matters when the condition would never come true.
package func eventually(
  within limit: Duration = patience, _ what: @autoclosure () -> String = "the condition",
  file: StaticString = #fileID, line: UInt = #line, isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  var pause = Duration.milliseconds(1)
  while true {
    if try await condition() { return }
    if ContinuousClock.now >= deadline {
      throw TestFailure("\(what()) did not come true within \(limit) (\(file):\(line))")
    }
    // Sleeps: the pause between two looks, here for all tests.
    try await Task.sleep(for: pause)
    pause = min(pause * 2, .milliseconds(50))
  }
}

/// Waits until `value` returns something, and returns it.
package func eventuallySome<Value>(
  within limit: Duration = patience, _ what: @autoclosure () -> String = "a value",
  file: StaticString = #fileID, line: UInt = #line, isolation: isolated (any Actor)? = #isolation,
  _ value: () async throws -> Value?
) async throws -> Value {
  var found: Value?
  try await eventually(within: limit, what(), file: file, line: line) {
    found = try await value()
    return found != nil
  }
  guard let found else { throw TestFailure("\(what()) vanished (\(file):\(line))") }
  return found
}

import Foundation
import TestSupport

/// What a program that ran to its end said.
struct CommandResult: Sendable {
  let status: Int32
  let output: String
  let errors: String
}

/// Runs a program to its end, as a person at a terminal would.
///
/// - Parameter environment: added to this process's own.
@discardableResult
func command(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
  within limit: Duration = patience
) async throws -> CommandResult {
  let folder = try TemporaryFolder("xtblish-command")
  let errors = folder.path("errors")
  // The shell is replaced by the program, so that the process is the program's.
  let process = try ChildProcess(
    "/bin/sh", ["-c", #"exec "$@" 2> "$0""#, errors, executable] + arguments, environment: environment, input: input)
  let status: Int32 =
    switch try await process.waitForExit(within: limit) {
    case .exited(let status): status
    case .signalled(let signal): 128 + signal
    }
  return CommandResult(
    status: status, output: process.output, errors: (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")
}

/// Runs a program that must succeed, and returns what it printed.
@discardableResult
func mustSucceed(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
  within limit: Duration = patience
) async throws -> String {
  let result = try await command(
    executable, arguments, environment: environment, input: input, within: limit)
  guard result.status == 0 else {
    throw TestFailure(
      "\(executable) \(arguments.joined(separator: " ")) ended with \(result.status): \(result.output)\(result.errors)")
  }
  return result.output
}

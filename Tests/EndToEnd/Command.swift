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
  within limit: Duration = .seconds(120)
) async throws -> CommandResult {
  let folder = try TemporaryFolder("xtblish-command")
  let (outputPath, errorPath) = (folder.path("output"), folder.path("errors"))
  for path in [outputPath, errorPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [executable] + arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  process.standardInput = FileHandle(forReadingAtPath: input)
  process.standardOutput = FileHandle(forWritingAtPath: outputPath)
  process.standardError = FileHandle(forWritingAtPath: errorPath)
  let ended = AsyncStream<Void>.makeStream()
  process.terminationHandler = { _ in ended.continuation.finish() }
  try process.run()
  let identifier = process.processIdentifier
  let timer = Task {
    try await Task.sleep(for: limit)
    kill(identifier, SIGKILL)
  }
  for await _ in ended.stream {}
  timer.cancel()
  return CommandResult(
    status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
    output: try String(contentsOfFile: outputPath, encoding: .utf8),
    errors: try String(contentsOfFile: errorPath, encoding: .utf8))
}

/// Runs a program that must succeed, and returns what it printed.
@discardableResult
func mustSucceed(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
  within limit: Duration = .seconds(120)
) async throws -> String {
  let result = try await command(
    executable, arguments, environment: environment, input: input, within: limit)
  guard result.status == 0 else {
    throw TestFailure(
      "\(executable) \(arguments.joined(separator: " ")) ended with \(result.status): \(result.output)\(result.errors)")
  }
  return result.output
}

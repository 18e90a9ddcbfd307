import Foundation
import TestSupport

/// A whole system of its own, started by `deploy/stack` in a temporary folder.
final class Stack: Sendable {
  /// The top of the package.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  let folder: TemporaryFolder
  let settings: [String: String]

  init(settings: [String: String] = [:]) throws {
    folder = try TemporaryFolder("xtblish-stack")
    var values = settings
    values["XTBLISH_BINARIES"] = try productsDirectory()
    // What a device's next heartbeat would mend is mended soon enough for a test.
    if values["XTBLISH_DEVICE_HEARTBEAT_SECONDS"] == nil { values["XTBLISH_DEVICE_HEARTBEAT_SECONDS"] = "5" }
    self.settings = values
  }

  /// Runs the body with a stack, and takes it down whatever happens. The logs are kept in the failure.
  static func run(
    devices: Int, replicas: Int = 1, settings: [String: String] = [:], _ body: (Stack) async throws -> Void
  ) async throws {
    let stack = try Stack(settings: settings)
    do {
      try await stack.call("up", "--quiet", "--devices", String(devices), "--replicas", String(replicas))
      try await body(stack)
    } catch {
      let logs = try? await stack.call("logs", "--lines", "60")
      _ = try? await stack.call("down")
      throw TestFailure("\(error)\nThe stack's logs:\n\(logs ?? "")")
    }
    try await stack.call("down")
  }

  @discardableResult
  func call(_ action: String, _ arguments: String...) async throws -> String {
    try await mustSucceed(
      "\(Self.package)/deploy/stack", [action, "--data", folder.path] + arguments, environment: settings)
  }

  /// `stack.env` as it is now.
  func environment() throws -> [String: String] {
    let text = try String(contentsOfFile: folder.path("stack.env"), encoding: .utf8)
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let value = line[line.index(after: equals)...]
      values[String(line[..<equals])] = value.trimmingCharacters(in: CharacterSet(charactersIn: "'"))
    }
    return values
  }

  func value(_ key: String) throws -> String {
    guard let value = try environment()[key] else { throw TestFailure("stack.env has no \(key)") }
    return value
  }

  var devices: [String] {
    get throws { try value("XTBLISH_DEVICE_IDS").split(separator: " ").map(String.init) }
  }

  /// Ends a process the hard way. `name` as in `deploy/stack status`: `registry-1`.
  func kill(_ name: String) throws {
    let key = "XTBLISH_PID_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
    guard let identifier = Int32(try value(key)), identifier > 1 else { throw TestFailure("\(key) is no process") }
    Foundation.kill(identifier, SIGKILL)
  }

  /// Runs one of the programs against this stack.
  @discardableResult
  func admin(_ program: String, _ arguments: String...) async throws -> String {
    try await mustSucceed("\(try productsDirectory())/\(program)", arguments, environment: try environment())
  }
}

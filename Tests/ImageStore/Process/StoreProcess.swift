import Curl
import Foundation
import Logging
import Messaging
import TestSupport
import Wire

/// The real executable, with a Registry of this process behind it.
struct StoreProcess: Sendable {
  let process: ChildProcess
  let environment: [String: String]
  let directory: String
  let url: String
  let client: HTTPClient

  /// Starts it, and returns when it is ready.
  ///
  /// - Parameters:
  ///   - tracing: options of strace, under which it then runs.
  ///   - isReady: whether it gets ready, or only answers.
  static func start(
    directory: String, registry: String, tracing: [String]? = nil, settings: [String: String] = [:],
    isReady: Bool = true
  ) async throws -> StoreProcess {
    let ports = try (0..<3).map { _ in try FreePort() }
    let environment = [
      "XTBLISH_INSECURE": "true", "XTBLISH_IMAGE_STORE_HTTP_LISTEN": "127.0.0.1:\(ports[0].number)",
      "XTBLISH_IMAGE_STORE_RPC_LISTEN": "tcp://127.0.0.1:\(ports[1].number)",
      "XTBLISH_IMAGE_STORE_OPERATIONS_LISTEN": "127.0.0.1:\(ports[2].number)",
      "XTBLISH_IMAGE_STORE_ENDPOINTS": "tcp://127.0.0.1:\(ports[1].number)",
      "XTBLISH_IMAGE_STORE_URL": "http://127.0.0.1:\(ports[0].number)",
      "XTBLISH_IMAGE_STORE_DIRECTORY": directory,
      "XTBLISH_REGISTRY_ENDPOINTS": registry,
    ].merging(settings) { $1 }
    let executable = try product("xtblish-image-store")
    let process =
      if let tracing {
        try ChildProcess(
          // The store ends with strace, which would leave it running when it is killed.
          "strace",
          ["-f", "-qq", "-o", "/dev/null"] + tracing + ["setpriv", "--pdeathsig", "KILL", executable, "serve"],
          environment: environment)
      } else {
        try ChildProcess(executable, ["serve"], environment: environment)
      }
    let client = HTTPClient()
    let ready = "http://127.0.0.1:\(ports[2].number)/readyz"
    let http = "http://127.0.0.1:\(ports[0].number)"
    try await eventually("the image store is ready: \(process.output)") {
      guard process.isRunning else { throw TestFailure("it ended: \(process.output)") }
      guard let answer = try? await client.get(ready), answer.status == (isReady ? 200 : 503) else { return false }
      return (try? await client.get(http + "/nothing")) != nil
    }
    return StoreProcess(
      process: process, environment: environment, directory: directory, url: http, client: client)
  }

  func send(_ method: String, _ path: String, body: [UInt8]) async throws -> HTTPClient.Response {
    try await client.request(HTTPClient.Request(method, url + path, body: .bytes(body)))
  }

  /// Runs an admin command against it.
  func command(_ arguments: String...) async throws -> (ending: ProcessEnding, output: String) {
    let command = try ChildProcess(product("xtblish-image-store"), arguments, environment: environment)
    return (try await command.waitForExit(), command.output)
  }

  var uploads: [String] { (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/uploads")) ?? [] }

  var blobs: [String] {
    let all = FileManager.default.enumerator(atPath: "\(directory)/images")?.allObjects as? [String] ?? []
    return all.filter { $0.contains("/") }
  }
}

/// Answers the bus as a Registry does, in this process.
func withRegistry(_ body: @escaping @Sendable (ScriptedRegistry, String) async throws -> Void) async throws {
  let registry = ScriptedRegistry()
  var router = RPCRouter()
  router.handle(WireGetDevice.self) { request, context in try await registry.call(request, deadline: context.remaining)
  }
  router.handle(WireAssignImage.self) { request, context in
    try await registry.call(request, deadline: context.remaining)
  }
  router.handle(WireFindFirmware.self) { request, context in
    try await registry.call(request, deadline: context.remaining)
  }
  let logger = Logger(label: "registry-test") { _ in SwiftLogNoOpLogHandler() }
  let server = RPCServer(name: "registry", listening: "tcp://127.0.0.1:0", router: router, logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let address = try await server.boundAddress()
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(registry, address)) } catch { outcome = .failure(error) }
    group.cancelAll()
    try await group.waitForAll()
    try outcome.get()
  }
}

import Foundation
import Logging
import Messaging
import ServiceLifecycle
import SwiftProtobuf
import UnixSignals
import Wire

/// A server in a process of its own, so that tests can kill it, stop it and start it again.
///
/// `MessagingTestServer ENDPOINT NAME [KEY_FILE PEERS_FOLDER]` answers BytesValue with NAME at once, and StringValue, after
/// writing `got VALUE`, only if VALUE is not `hang`.
@main
struct MessagingTestServer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard [3, 5].contains(arguments.count) else {
      fatalError("usage: MessagingTestServer ENDPOINT NAME [KEY_FILE PEERS_FOLDER]")
    }
    let name = arguments[2]
    var router = RPCRouter()
    router.handle(Google_Protobuf_BytesValue.self, allowing: .all) { request, _ in
      if request.value == .init("hang".utf8) { try await hang("hang") }
      return Google_Protobuf_BytesValue(.init(name.utf8))
    }
    router.handle(Google_Protobuf_StringValue.self, allowing: .all) { request, _ in
      if request.value == "hang" { try await hang(request.value) }
      return Google_Protobuf_StringValue(name)
    }
    let logger = Logger(label: name) { StreamLogHandler.standardError(label: $0) }
    let bus =
      arguments.count == 5 ? try Bus(keyFile: arguments[3], peersFolder: arguments[4], logger: logger) : .insecure
    let server = RPCServer(
      name: name, listening: arguments[1], router: router, transport: bus.transport, logger: logger)
    let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask { say("listening on \(try await server.boundAddress())") }
      try await tasks.waitForAll()
    }
  }

  private static func hang(_ value: String) async throws {
    say("got \(value)")
    // Nothing comes; the wait ends by cancellation, or with the process.
    let (nothing, source) = AsyncStream<Never>.makeStream()
    for await _ in nothing {}
    withExtendedLifetime(source) {}
    throw CancellationError()
  }

  private static func say(_ text: String) {
    // In one write, so that lines of several tasks do not mix.
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }
}

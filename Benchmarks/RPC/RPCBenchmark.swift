import Foundation
import Logging
import Messaging
package import SwiftProtobuf
import Wire

/// Round trips over the bus, for `Benchmarks/RPC/run`. Used and printing like `bare_zmq`.
@main
struct RPCBenchmark {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.count) {
    case ("keys", 2): try makeKeys(in: arguments[1])
    case ("serve", 2), ("serve", 3):
      try await serve(on: arguments[1], bus(arguments.dropFirst(2).first, "server"))
    case ("load", 5), ("load", 6):
      guard let inFlight = Int(arguments[2]), let seconds = Double(arguments[3]), let payload = Int(arguments[4])
      else { fallthrough }
      try await load(
        arguments[1], bus(arguments.dropFirst(5).first, "client"), inFlight: inFlight, duration: .seconds(seconds),
        payloadBytes: payload)
    default:
      FileHandle.standardError.write(
        Data(
          """
          usage: RPCBenchmark keys FOLDER | serve ENDPOINT [FOLDER] | load ENDPOINT IN_FLIGHT SECONDS PAYLOAD_BYTES [FOLDER]

          """.utf8))
      exit(64)
    }
  }

  /// Keys for both ends, and a folder `peers` that both read.
  private static func makeKeys(in folder: String) throws {
    try PeerFolder("\(folder)/peers").make()
    for (role, name) in [(BusRole.registry, "server"), (.operator, "client")] {
      let key = try BusKey.generate(for: BusPeer(role, name))
      try key.write(file: "\(folder)/\(name).bus-key")
      try key.publish(in: "\(folder)/peers")
    }
  }

  private static func bus(_ folder: String?, _ name: String) throws -> Bus {
    guard let folder else { return .insecure }
    return try Bus(keyFile: "\(folder)/\(name).bus-key", peersFolder: "\(folder)/peers", logger: logger)
  }

  private static func serve(on endpoint: String, _ bus: Bus) async throws {
    var router = RPCRouter()
    router.handle(Google_Protobuf_BytesValue.self, allowing: .operator) { request, _ in request }
    let server = RPCServer(
      name: "benchmark", listening: endpoint, router: router, transport: bus.transport, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      _ = try await server.boundAddress()
      FileHandle.standardOutput.write(Data("ready\n".utf8))
      try await group.waitForAll()
    }
  }

  private static func load(
    _ endpoint: String, _ bus: Bus, inFlight: Int, duration: Duration, payloadBytes: Int
  ) async throws {
    let times = try await withRPCClient(
      name: "benchmark", endpoints: [endpoint], transport: bus.transport(to: .registry), logger: logger
    ) { client in
      let request = Google_Protobuf_BytesValue(Data(repeating: 7, count: payloadBytes))
      // Connected before the time starts.
      _ = try await client.call(request)
      let measured = ContinuousClock.now + .milliseconds(300)
      let end = measured + duration
      return try await withThrowingTaskGroup(of: [Duration].self) { group in
        for _ in 0..<inFlight {
          group.addTask(executorPreference: client.executor) {
            var times: [Duration] = []
            var sent = ContinuousClock.now
            while true {
              _ = try await client.call(request)
              let received = ContinuousClock.now
              if received >= end { return times }
              if received >= measured { times.append(received - sent) }
              sent = received
            }
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    }
    .sorted()
    let seconds = duration / .seconds(1)
    let microseconds = { (share: Int) in
      times.isEmpty ? 0 : times[times.count * share / 100] / .microseconds(1)
    }
    print(
      String(format: "%.0f %.1f %.1f", Double(times.count) / seconds, microseconds(50), microseconds(99)))
  }

  private static var logger: Logger {
    var logger = Logger(label: "benchmark") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    return logger
  }
}

extension Google_Protobuf_BytesValue: WireRequest {
  package typealias Response = Google_Protobuf_BytesValue
}

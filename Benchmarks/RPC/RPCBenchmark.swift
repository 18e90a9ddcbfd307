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
    case ("serve", 2): try await serve(on: arguments[1])
    case ("load", 5):
      guard let inFlight = Int(arguments[2]), let seconds = Double(arguments[3]), let payload = Int(arguments[4])
      else { fallthrough }
      try await load(arguments[1], inFlight: inFlight, duration: .seconds(seconds), payloadBytes: payload)
    default:
      FileHandle.standardError.write(
        Data("usage: RPCBenchmark serve ENDPOINT | load ENDPOINT IN_FLIGHT SECONDS PAYLOAD_BYTES\n".utf8))
      exit(64)
    }
  }

  private static func serve(on endpoint: String) async throws {
    var router = RPCRouter()
    router.handle(Google_Protobuf_BytesValue.self) { request, _ in request }
    let server = RPCServer(name: "benchmark", listening: endpoint, router: router, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      _ = try await server.boundAddress()
      FileHandle.standardOutput.write(Data("ready\n".utf8))
      try await group.waitForAll()
    }
  }

  private static func load(_ endpoint: String, inFlight: Int, duration: Duration, payloadBytes: Int) async throws {
    let times = try await withRPCClient(name: "benchmark", endpoints: [endpoint], logger: logger) { client in
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

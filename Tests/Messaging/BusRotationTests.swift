import Messaging
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing
import Wire

/// New keys for old ones while the bus is in use.
@Suite(.seated, .timeLimit(.minutes(10))) struct BusRotationTests {
  /// Runs a server until it is cancelled, and answers with its name.
  private func serve(_ bus: Bus, at port: FreePort, name: String, started: @escaping @Sendable () -> Void) async throws
  {
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .notifier) { _, _ in
      // Sleeps: so that there are always requests under way while the keys change.
      try await Task.sleep(for: .milliseconds(2))
      return Idempotent(name)
    }
    try await withServer(on: bus.transport, at: "tcp://127.0.0.1:\(port.number)", router: router) { server, _ in
      started()
      try await untilCancelled()
    }
  }

  /// What the clients do meanwhile.
  private final class Load: Sendable {
    private let state = Mutex((answered: 0, isOver: false))

    var answered: Int { state.withLock { $0.answered } }
    var isOver: Bool { state.withLock { $0.isOver } }

    func count() { state.withLock { $0.answered += 1 } }
    func end() { state.withLock { $0.isOver = true } }
  }

  private final class Replica: Sendable {
    private let task: Task<Void, any Error>
    let key: TestKey

    /// - Throws: what ended the server, if it never listened.
    init(_ key: TestKey, _ serve: @escaping @Sendable (@escaping @Sendable () -> Void) async throws -> Void)
      async throws
    {
      self.key = key
      let (stream, continuation) = AsyncThrowingStream<Void, any Error>.makeStream()
      task = Task {
        do {
          try await serve { continuation.finish() }
        } catch {
          continuation.finish(throwing: error)
          throw error
        }
      }
      for try await _ in stream {}
    }

    func stop() async {
      task.cancel()
      _ = try? await task.value
    }
  }

  /// Starts a replica where another one just ended.
  ///
  /// Processes that other tests start have the old one's socket too until they are the program that they become, and a
  /// busy machine may take a while over that.
  private func restart(_ index: Int, _ bus: Bus, _ key: TestKey, at port: FreePort) async throws -> Replica {
    try await eventuallySome("port \(port.number) is free again") {
      do {
        return try await Replica(key) { [self] in try await serve(bus, at: port, name: "\(index)", started: $0) }
      } catch let error as TransportError where error.isAddressInUse {
        return nil
      }
    }
  }

  /// Twenty times: a new key is added, an instance restarts with it, the old one is removed.
  @Test func noRequestIsLostWhileInstancesTakeNewKeys() async throws {
    let bus = try TestBus()
    let ports = [try FreePort(), try FreePort()]
    var replicas: [Replica] = []
    for (index, port) in ports.enumerated() {
      let key = try bus.makeKey(.registry, "registry-\(index)")
      let joined = try bus.join(key)
      replicas.append(
        try await Replica(key) { [self] in try await serve(joined, at: port, name: "\(index)", started: $0) })
    }
    let client = try bus.join(.notifier, "notifier-1")
    try await withClient(
      of: ports.map { "tcp://127.0.0.1:\($0.number)" }, on: client.transport(to: .registry)
    ) { client in
      let load = Load()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            while !load.isOver {
              _ = try await client.ask("x", deadline: .seconds(20))
              load.count()
            }
          }
        }
        for round in 0..<20 {
          let index = round % 2
          let before = load.answered
          let (old, new) = (replicas[index], try bus.makeKey(.registry, "registry-\(index)"))
          let joined = try bus.join(new)
          await old.stop()
          replicas[index] = try await restart(index, joined, new, at: ports[index])
          bus.remove(old.key)
          // Both must serve again before the other one's turn comes.
          try await eventually("replica \(index) answers with its new key") {
            try await client.ask("x", deadline: .seconds(20)) == "\(index)"
          }
          #expect(load.answered > before)
        }
        load.end()
        // Throws if any request failed.
        try await group.waitForAll()
      }
      #expect(load.answered > 500)
    }
    for replica in replicas { await replica.stop() }
  }

  @Test func aKilledServerComesBackWithANewKey() async throws {
    let bus = try TestBus()
    let port = try FreePort()
    let endpoint = "tcp://127.0.0.1:\(port.number)"
    let client = try bus.join(.operator, "lena")
    try await withClient(of: [endpoint], on: client.transport(to: .registry)) { client in
      var old: TestKey?
      for name in ["first", "second", "third"] {
        let key = try bus.makeKey(.registry, "registry-1")
        if let old { bus.remove(old) }
        old = key
        let process = try ChildProcess(
          product("MessagingTestServer"), [endpoint, name, key.file, bus.peersPath])
        try await process.waitForLine(containing: "listening on")
        try await client.expectAnswer(name, to: "x")
        process.kill()
        _ = try await process.waitForExit()
      }
    }
  }
}

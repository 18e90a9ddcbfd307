import Glibc
import Messaging
import TestSupport
import Testing
import Wire
import ZeroMQ

/// Who gets to talk to a server with keys, and to which servers a client with keys talks.
@Suite(.seated, .timeLimit(.minutes(10))) struct BusAdmissionTests {
  /// Counts the requests that reach a handler.
  private func countingRouter(_ reached: Recorder<String>, allowing roles: BusRoles = .all) -> RPCRouter {
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: roles) { request, context in
      reached.record([context.peer.map { "\($0)" } ?? "nobody"])
      return request
    }
    return router
  }

  /// Asks in vain until the reason is known: on a busy machine a handshake may take longer than one request waits.
  private func failure(of client: RPCClient, telling reason: String? = nil) async throws -> WireFailure {
    try await eventuallySome("a failure that says '\(reason ?? "")'") {
      let failure = try await #require(throws: WireFailure.self) { try await client.ask("x", deadline: .seconds(4)) }
      return reason.map(failure.message.contains) ?? true ? failure : nil
    }
  }

  @Test func aHandlerIsToldWhoAsks() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let server = try bus.join(.registry, "registry-1")
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      for (role, name) in [(BusRole.operator, "lena"), (.imageStore, "image-store-2")] {
        let transport = try bus.join(role, name).transport(to: .registry)
        try await withClient(of: [endpoint], on: transport) { try await $0.expectAnswer("x", to: "x") }
      }
    }
    #expect(reached.elements == ["operator:lena", "image-store:image-store-2"])
  }

  @Test func aPlainClientGetsNothing() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let server = try bus.join(.registry, "registry-1")
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint]) { client in
        let failure = try await failure(of: client, telling: "see that both sides use keys")
        #expect(failure.code == .unavailable)
      }
    }
    #expect(reached.elements.isEmpty)
  }

  @Test func anUnknownKeyGetsNothingAndIsToldWhatToDo() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let server = try bus.join(.registry, "registry-1")
    let stranger = try bus.join(bus.makeKey(.operator, "eve", isKnown: false))
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint], on: stranger.transport(to: .registry)) { client in
        let failure = try await failure(of: client, telling: "does not let this process's key in")
        #expect(failure.code == .unavailable)
      }
    }
    #expect(reached.elements.isEmpty)
  }

  @Test func aKeyThatIsLetInLaterNeedsNoRestart() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let server = try bus.join(.registry, "registry-1")
    let key = try bus.makeKey(.operator, "lena", isKnown: false)
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint], on: bus.join(key).transport(to: .registry)) { client in
        async let answer = client.ask("x", deadline: .seconds(20))
        try key.key.publish(in: bus.peersPath)
        #expect(try await answer == "x")
      }
    }
  }

  @Test func nobodyElsesServerHearsOurClient() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    try bus.makeKey(.registry, "registry-1")
    let client = try bus.join(.notifier, "notifier-1")
    // It lets everybody in and speaks the same protocol, but its key is not among those of registries.
    let own = try TestBus()
    let imposterKey = try own.makeKey(.registry, "registry-1")
    let everybody = PeerTable(try PeerFolder(bus.peersPath).read())
    let imposters = [Bus(key: imposterKey.key, peers: everybody).transport, Bus.insecure.transport]
    for imposter in imposters {
      try await withServer(on: imposter, router: countingRouter(reached)) { _, endpoint in
        try await withClient(of: [endpoint], on: client.transport(to: .registry)) { client in
          let failure = try await failure(of: client, telling: "no key of this role")
          #expect(failure.code == .unavailable)
          // A server that is killed in the handshake looks the same, and has the right key.
          #expect(failure.message.contains("if it was not stopped just then"))
        }
      }
    }
    #expect(reached.elements.isEmpty)
  }

  @Test func aServerOfAnotherRoleIsNoServer() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    try bus.makeKey(.registry, "registry-1")
    let client = try bus.join(.notifier, "notifier-1")
    let imageStore = try bus.join(.imageStore, "image-store-1")
    try await withServer(on: imageStore.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint], on: client.transport(to: .registry)) { client in
        let failure = try await failure(of: client)
        #expect(failure.code == .unavailable)
      }
    }
    #expect(reached.elements.isEmpty)
  }

  @Test func aRoleWithoutKeysIsTold() async throws {
    let bus = try TestBus()
    let client = try bus.join(.notifier, "notifier-1")
    try await withClient(of: ["tcp://127.0.0.1:1"], on: client.transport(to: .registry)) { client in
      let failure = try await failure(of: client, telling: "no key of this role is known here")
      #expect(failure.code == .unavailable)
    }
  }

  /// The client's connection stands while its key's file is removed.
  @Test func aKeyThatIsTakenBackIsCutOff() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let server = try bus.join(.registry, "registry-1")
    let key = try bus.makeKey(.notifier, "notifier-1")
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint], on: bus.join(key).transport(to: .registry), options: .standard) { client in
        try await client.expectAnswer("x", to: "x")
        bus.remove(key)
        try await eventually("its requests are not answered") {
          do { return try await client.ask("y", deadline: .milliseconds(200)) != "y" } catch { return true }
        }
        let heard = reached.elements.count
        let failure = try await failure(of: client, telling: "does not let this process's key in")
        #expect(failure.code == .unavailable)
        #expect(reached.elements.count == heard)
      }
    }
  }

  /// The connection to a server stands while the client's folder loses the server's key.
  @Test func aServerWhoseKeyIsTakenBackIsLeft() async throws {
    let bus = try TestBus()
    let reached = Recorder<String>()
    let key = try bus.makeKey(.registry, "registry-1")
    let client = try bus.join(.notifier, "notifier-1")
    let serverPeers = PeerTable(try PeerFolder(bus.peersPath).read())
    let server = Bus(key: key.key, peers: serverPeers)
    try await withServer(on: server.transport, router: countingRouter(reached)) { _, endpoint in
      try await withClient(of: [endpoint], on: client.transport(to: .registry)) { client in
        try await client.expectAnswer("x", to: "x")
        bus.remove(key)
        try await eventually("the client leaves") {
          do { return try await client.ask("y", deadline: .milliseconds(200)) != "y" } catch { return true }
        }
        let heard = reached.elements.count
        let failure = try await failure(of: client)
        #expect(failure.code == .unavailable)
        #expect(reached.elements.count == heard)
      }
    }
  }

  @Test func aFloodOfHandshakesDoesNotHoldUpThoseInside() async throws {
    let bus = try TestBus()
    let server = try bus.join(.registry, "registry-1")
    let registryKey = try #require(try PeerFolder(bus.peersPath).read().keys(of: .registry).first)
    let friend = try bus.join(.operator, "lena")
    try await withServer(on: server.transport, router: echoRouter()) { _, endpoint in
      try await withClient(of: [endpoint], on: friend.transport(to: .registry)) { client in
        try await client.expectAnswer("x", to: "x")
        try await allowingBlockingCalls {
          // Strangers that know the server's public key and try again and again, and connections that say nothing or
          // anything.
          let context = try ZeroMQContext()
          let strangers = try (0..<200).map { _ in
            let socket = try ZeroMQSocket(.dealer, in: context)
            try socket.useCurve(try CurveKeyPair.generate(), server: registryKey)
            try socket.set(.lingerMilliseconds(0))
            try socket.set(.reconnectIntervalMilliseconds(1))
            try socket.connect(endpoint)
            return socket
          }
          let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
          let raw = try (0..<300).map { number in
            let connection = try RawTCPClient(port: port)
            if number % 2 == 0 { try connection.send([UInt8](repeating: UInt8(number % 251), count: 200)) }
            return connection
          }
          var longest = Duration.zero
          for number in 0..<200 {
            let start = ContinuousClock.now
            try await client.expectAnswer("\(number)", to: "\(number)")
            longest = max(longest, .now - start)
          }
          #expect(longest < .seconds(30), "the longest of 200 requests took \(longest)")
          withExtendedLifetime((strangers, raw)) {}
        }
        // And newcomers get in.
        try await withClient(of: [endpoint], on: friend.transport(to: .registry)) {
          try await $0.expectAnswer("y", to: "y")
        }
      }
    }
  }
}

import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct TransportSecurityTests {
  /// A broker that lets in whoever has a certificate of the authority's, under the certificate's common name.
  private static func broker(_ server: TestAuthority.Leaf, clientsOf authority: TestAuthority) async throws
    -> MosquittoServer
  {
    try await MosquittoServer(
      configuration: """
        certfile \(server.certificateFile)
        keyfile \(server.keyFile)
        cafile \(authority.caFile)
        require_certificate true
        use_identity_as_username true
        """)
  }

  private static func tls(_ authority: TestAuthority, _ leaf: TestAuthority.Leaf?) -> MQTTTLS {
    MQTTTLS(caFile: authority.caFile, certificateFile: leaf?.certificateFile, keyFile: leaf?.keyFile)
  }

  /// Why the client is not connected.
  private func refusal(_ client: MQTTClient) async throws -> MQTTError {
    let event = try await within("an event") { await client.events.first { _ in true } }
    await client.close()
    guard case .disconnected(let error)? = event else {
      throw TestFailure("\(String(describing: event)) instead of a refusal")
    }
    return error
  }

  @Test func withCertificatesOnBothSidesMessagesPass() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker", usage: .server), clientsOf: authority)
    let device = try await authority.leaf("device", alternativeNames: "URI:urn:test:device", usage: .client)
    let client = try await server.connectedClient { $0.tls = Self.tls(authority, device) }
    try await client.subscribe(to: "/secret")
    try await client.publish(topic: "/secret", payload: Array("told".utf8))
    #expect(text(try await receive(1, from: client)) == ["told"])
    #expect(server.log.contains("u'device'"))
    await client.close()
  }

  /// Several packets come in one TLS record, and the socket tells of the record once.
  @Test func aFloodOfSmallMessagesArrivesWhole() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker"), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    let subscriber = try await server.connectedClient { $0.tls = Self.tls(authority, leaf) }
    try await subscriber.subscribe(to: "/flood", qos: .atMostOnce)
    let publisher = try await server.connectedClient { $0.tls = Self.tls(authority, leaf) }
    for number in 0..<1_000 {
      try await publisher.publish(topic: "/flood", payload: Array("\(number)".utf8), qos: .atMostOnce)
    }
    #expect(text(try await receive(1_000, from: subscriber)) == (0..<1_000).map { "\($0)" })
    await subscriber.close()
    await publisher.close()
  }

  @Test func aReaderThatPausesGetsTheRestLater() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker"), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    let subscriber = try await server.connectedClient {
      $0.tls = Self.tls(authority, leaf)
      $0.maximumIncomingMessages = 4
    }
    try await subscriber.subscribe(to: "/paused")
    let publisher = try await server.connectedClient { $0.tls = Self.tls(authority, leaf) }
    for number in 0..<200 { try await publisher.publish(topic: "/paused", payload: Array("\(number)".utf8)) }
    #expect(text(try await receive(200, from: subscriber)) == (0..<200).map { "\($0)" })
    await subscriber.close()
    await publisher.close()
  }

  @Test(arguments: [("other.invalid", "DNS:other.invalid"), ("elsewhere", "IP:127.0.0.2")])
  func aBrokerOfAnotherNameIsNotBelieved(_ name: String, _ alternativeNames: String) async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(
      authority.leaf(name, alternativeNames: alternativeNames, usage: .server), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    #expect(try await refusal(server.client { $0.tls = Self.tls(authority, leaf) }).code == .tls)
  }

  @Test func anExpiredBrokerIsNotBelieved() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker", usage: .server, days: -1), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    #expect(try await refusal(server.client { $0.tls = Self.tls(authority, leaf) }).code == .tls)
  }

  @Test func aBrokerOfAnotherAuthorityIsNotBelieved() async throws {
    let (authority, stranger) = (try await TestAuthority(), try await TestAuthority())
    let server = try await Self.broker(stranger.leaf("broker"), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    #expect(try await refusal(server.client { $0.tls = Self.tls(authority, leaf) }).code == .tls)
  }

  @Test func aClientsCertificateDoesNotMakeABroker() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker", usage: .client), clientsOf: authority)
    let leaf = try await authority.leaf("device")
    #expect(try await refusal(server.client { $0.tls = Self.tls(authority, leaf) }).code == .tls)
  }

  @Test func theBrokerRefusesClientsWithoutAGoodCertificate() async throws {
    let (authority, stranger) = (try await TestAuthority(), try await TestAuthority())
    let server = try await Self.broker(authority.leaf("broker"), clientsOf: authority)
    let leaves = [
      nil, try await authority.leaf("expired", days: -1), try await stranger.leaf("foreign"),
      try await authority.leaf("server-only", usage: .server),
    ]
    for leaf in leaves {
      let error = try await refusal(server.client { $0.tls = Self.tls(authority, leaf) })
      // The broker's alert comes after the handshake of TLS 1.3, and the connection may be gone before it is read.
      #expect([.tls, .connectionLost].contains(error.code), "\(error)")
    }
    #expect(!server.log.contains("Sending CONNACK"))
  }

  @Test func aPlainClientGetsNothing() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker"), clientsOf: authority)
    #expect(try await refusal(server.client()).code == .connectionLost)
  }

  /// The files are read for each connection, so a renewal needs no new client.
  @Test func aNewCertificateIsUsedByTheNextConnection() async throws {
    let authority = try await TestAuthority()
    let server = try await Self.broker(authority.leaf("broker"), clientsOf: authority)
    let (old, new) = (try await authority.leaf("before"), try await authority.leaf("after"))
    let folder = try TemporaryFolder()
    let tls = MQTTTLS(
      caFile: authority.caFile, certificateFile: folder.path("device.pem"), keyFile: folder.path("device.key"))
    func install(_ leaf: TestAuthority.Leaf) throws {
      try writeFile(folder.path("device.pem"), readFile(leaf.certificateFile) ?? "")
      try writeFile(folder.path("device.key"), readFile(leaf.keyFile) ?? "")
    }
    try install(old)
    let client = try await server.connectedClient {
      $0.tls = tls
      $0.cleanStart = false
      $0.sessionExpirySeconds = 60
      $0.will = MQTTWill(topic: "/will", payload: [1], qos: .atLeastOnce, retain: true)
    }
    try await client.subscribe(to: "/#")
    try install(new)
    client.reconnect()
    try await eventually("a connection with the new certificate") { server.log.contains("u'after'") }
    // The session is still there, and nobody was told that the client had gone.
    try await client.waitUntilConnected(timeout: patience)
    try await eventually {
      (try? await client.publish(topic: "/after", payload: Array("still here".utf8))) == .success
    }
    #expect(try await receive(1, from: client).map(\.topic) == ["/after"])
    await client.close()
  }
}

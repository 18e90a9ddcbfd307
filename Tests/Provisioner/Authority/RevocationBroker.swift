import Foundations
import OpenSSL
import TestSupport
import Testing

@testable import CertificateAuthority

/// A mosquitto that goes by a folder of CRLs, and devices that knock at it.
struct RevocationBroker {
  private let fixture: AuthorityFixture
  private let broker: MosquittoServer
  private let port: FreePort

  init(_ fixture: AuthorityFixture, _ folder: String) async throws {
    self.fixture = fixture
    let host = try #require(CertificateHost(ip: "127.0.0.1"))
    _ = try LeafFiles(signer: fixture.directory.load().issuers[0], folder: fixture.folder.path("out")).make(
      "broker-1", for: .service(name: "broker-1", role: .broker, hosts: [host]), lifetime: .seconds(3_600))
    port = try FreePort()
    broker = try await MosquittoServer(
      configuration: """
        listener \(port.number) 127.0.0.1
        cafile \(folder)/ca.pem
        capath \(folder)
        crlfile \(folder)/ca.crl.pem
        certfile \(fixture.folder.path("out/broker-1.pem"))
        keyfile \(fixture.folder.path("out/broker-1.key"))
        require_certificate true
        use_identity_as_username true
        """)
  }

  func devices(_ count: Int, _ replica: AuthorityReplica) async throws -> [DeviceID] {
    var devices: [DeviceID] = []
    for _ in 0..<count {
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let issued = try await replica.issue(device, key)
      try writeFile(fixture.folder.path("\(device).pem"), try issued.chain)
      try writeFile(fixture.folder.path("\(device).key"), String(decoding: try key.pem(), as: UTF8.self))
      devices.append(device)
    }
    return devices
  }

  func letsIn(_ device: DeviceID) async -> Bool {
    let arguments = [
      "-h", "127.0.0.1", "-p", "\(port.number)", "--cafile", fixture.folder.path("ca/ca.pem"), "--cert",
      fixture.folder.path("\(device).pem"), "--key", fixture.folder.path("\(device).key"), "-t", "t", "-q", "1", "-m",
      "hello",
    ]
    return (try? await runProgram("mosquitto_pub", arguments)) != nil
  }

  func restart() async throws { try await broker.restart() }

  func residentBytes() throws -> Int {
    let text = readFile("/proc/\(try #require(broker.processIdentifier))/statm") ?? ""
    return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
  }
}

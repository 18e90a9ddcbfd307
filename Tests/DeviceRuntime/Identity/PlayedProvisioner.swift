import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import Synchronization
import TestSupport

@testable import DeviceStorage

/// A Provisioner that the test decides about: real certificates behind real TLS, and everything else in memory.
/// `ProvisionerOfDevices` says what it has in common with the real one, where the test says nothing else.
final class PlayedProvisioner: Sendable {
  struct State: Sendable {
    /// How long new certificates are good, in seconds from now.
    var life: Double = 3600
    var backdated: Double = 0
    /// Root documents by their version.
    var documents: [UInt64: [UInt8]] = [:]
    /// What devices said is burnt.
    var banks: [OTPContents] = []
    var differences: [String] = []
    /// Public keys that enrolled, in order.
    var keys: [[UInt8]] = []
    var renewals = 0
    /// Whose certificate a renewal gives; nil: whoever asks.
    var renewedKey: P256.PublicKey?
    /// Refuses this many renewals first.
    var refusals = 0
    /// With which status and problem document it refuses to enrol anything; nil: it does not.
    var enrolmentRefusal: (status: Int, document: [String: String])?
    /// Changes the answer to an enrolment.
    var change: @Sendable (inout [String: Any]) -> Void = { _ in }
  }

  let device = DeviceID.random()
  let pki: TestPKI
  let signers: TestSigners
  let folder: TemporaryFolder
  let caFile: String
  /// What other services here present, too.
  let certificate: (certificateFile: String, keyFile: String)
  let state: Mutex<State>
  private let plain: ScriptedHTTPServer
  private let proxy: TLSProxy
  private let imageStoreURLs: [String]
  private let mqttPort: Int

  init(imageStoreURLs: [String] = [], mqttPort: Int = 1, folder: TemporaryFolder, pki: TestPKI) async throws {
    self.pki = pki
    self.folder = folder
    self.imageStoreURLs = imageStoreURLs
    self.mqttPort = mqttPort
    signers = try TestSigners()
    caFile = try pki.caFile(in: folder)
    certificate = try pki.service("provisioner-1", in: folder)
    state = Mutex(State(documents: [1: try signers.document(1)]))
    plain = try ScriptedHTTPServer { _, connection in connection.respond(503) }
    proxy = try await TLSProxy(
      port: plain.port, certificateFile: certificate.certificateFile, keyFile: certificate.keyFile, caFile: caFile)
    plain.handle { [weak self] request, connection in
      guard let self else { return connection.respond(503) }
      do { try answer(request, connection) } catch { connection.respond(500, body: Array("\(error)".utf8)) }
    }
  }

  static func make() async throws -> PlayedProvisioner {
    try await PlayedProvisioner(folder: TemporaryFolder("xtblish-provisioner"), pki: TestPKI())
  }

  var url: String { proxy.url }
  var plainURL: String { plain.url }
  var requests: [ScriptedHTTPServer.Request] { plain.requests }
  var peers: [String] { proxy.peers }

  private static let secret = "top-secret"

  /// A secret, and the fingerprint of the root.
  func claim() throws -> String {
    Self.secret + "." + Hexadecimal.encode(try pki.root.fingerprint.prefix(16))
  }

  private func answer(_ request: ScriptedHTTPServer.Request, _ connection: ScriptedHTTPServer.Connection) throws {
    let parts = request.path.split(separator: "/")
    switch (request.method, parts.first, parts.dropFirst().first) {
    case ("GET", "v1", "ca"): connection.respond(200, body: Array(try pki.root.pem.utf8))
    case ("GET", "v1", "root-documents"):
      let document = parts.last.flatMap { UInt64($0) }.flatMap { version in state.withLock { $0.documents[version] } }
      if let document { connection.respond(200, body: document) } else { connection.respond(404) }
    case ("POST", "v1", "enroll"):
      if let refusal = state.withLock({ $0.enrolmentRefusal }) {
        return connection.respond(refusal.status, body: try Self.json(refusal.document))
      }
      guard Self.mayEnroll(request.body) else {
        return connection.respond(403, body: try Self.json(["title": "Forbidden", "reason": "claim-refused"]))
      }
      connection.respond(200, body: try enroll(request.body))
    case ("POST", "v1", "renew"):
      let isRefused = state.withLock { state in
        defer { state.refusals = max(0, state.refusals - 1) }
        return state.refusals > 0
      }
      if isRefused { return connection.respond(503) }
      let key = try state.withLock({ $0.renewedKey }) ?? Self.key(in: request.body)
      let (life, backdated) = state.withLock { ($0.life, $0.backdated) }
      let chain = try pki.chain(for: key, device: device, backdated: backdated, life: life)
      state.withLock { $0.renewals += 1 }
      connection.respond(200, body: try Self.json(["certificateChain": chain, "trustRoots": try pki.root.pem]))
    case ("POST", "v1", "otp"):
      let contents = try JSONDecoder().decode(OTPContents.self, from: Data(request.body))
      let differences = state.withLock { state in
        state.banks.append(contents)
        return state.differences
      }
      connection.respond(200, body: try Self.json(["agrees": differences.isEmpty, "differences": differences]))
    default: connection.respond(404)
    }
  }

  /// Whether a claim is its own; one that brings no claim has a key that is registered, or its maker's word.
  private static func mayEnroll(_ body: [UInt8]) -> Bool {
    let fields = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    guard let claim = fields?["claim"] as? String else { return true }
    return claim.prefix { $0 != "." } == secret
  }

  private func enroll(_ body: [UInt8]) throws -> [UInt8] {
    guard (try? Self.key(in: body)) != nil else {
      // As an insecure one answers a device that asks for no certificate.
      return try Self.json([
        "deviceID": device.description, "name": "device-1",
        "mqtt": ["host": "localhost", "port": mqttPort] as [String: Any], "imageStoreURLs": imageStoreURLs,
        "provisionerURLs": [plainURL], "heartbeatSeconds": 1,
      ])
    }
    let key = try Self.key(in: body)
    let (life, first, change) = state.withLock { state in
      state.keys.append(key.subjectPublicKeyInfo)
      return (state.life, state.documents[1]!, state.change)
    }
    var answer: [String: Any] = [
      "deviceID": device.description, "name": "device-1",
      "mqtt": ["host": "localhost", "port": mqttPort] as [String: Any],
      "imageStoreURLs": imageStoreURLs, "provisionerURLs": [url], "heartbeatSeconds": 1,
      "certificateChain": try pki.chain(for: key, device: device, life: life), "trustRoots": try pki.root.pem,
      "rootDocument": Data(first).base64EncodedString(),
      "otp": [
        "deviceID": device.description, "publicKeyHash": Hexadecimal.encode(try key.hash),
        "directorKey": Hexadecimal.encode(try signers.director.publicKey().rawRepresentation),
        "rootDocumentHash": try SHA256Digest.of(first).hex, "publisherSignatureRequired": true, "securityEpoch": 0,
      ] as [String: Any],
    ]
    change(&answer)
    return try Self.json(answer)
  }

  static func key(in body: [UInt8]) throws -> P256.PublicKey {
    let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    let request = (object?["certificateRequest"] as? String).flatMap { Data(base64Encoded: $0) }
    return try CertificateRequest(der: Array(request ?? Data())).publicKey
  }

  static func json(_ object: [String: Any]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: object))
  }
}

import Curl
import DeviceProtocol
import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

/// A Provisioner that has an authority, as devices see it over TLS: what they ask when they enrol and afterwards.
///
/// Its players know one device and give a certificate to whoever asks, so who may renew is not here: the Provisioner's own
/// tests have that.
package struct ProvisionerOfDevices: Sendable {
  let url: String
  let caFile: String
  /// Makes a claim that lets a device in.
  let makeClaim: @Sendable () async throws -> String

  /// - Parameters:
  ///   - url: of one whose newest root document is version 1.
  ///   - caFile: the root that its certificate comes from, PEM.
  package init(_ url: String, caFile: String, makeClaim: @escaping @Sendable () async throws -> String) {
    self.url = url
    self.caFile = caFile
    self.makeClaim = makeClaim
  }

  private func ask(
    _ method: String, _ path: String, _ body: [UInt8]? = nil, tls: HTTPTLS? = nil
  ) async throws -> HTTPClient.Response {
    let client = HTTPClient(HTTPClient.Configuration(tls: tls ?? HTTPTLS(caFile: caFile)))
    defer { client.close() }
    return try await client.request(
      HTTPClient.Request(
        method, url + path, headers: body == nil ? [] : [HTTPClient.Header("Content-Type", "application/json")],
        body: body.map { .bytes($0) } ?? .none))
  }

  private func enroll(_ key: P256.PrivateKey, claim: String) async throws -> HTTPClient.Response {
    let serial = "SN-\(DeviceID.random())"
    let request = try CertificateRequest(key: key, commonName: serial)
    let body = ["claim": claim, "serial": serial, "certificateRequest": Data(request.der).base64EncodedString()]
    return try await ask("POST", DeviceRoute.enrolment.rawValue, Array(JSONEncoder().encode(body)))
  }

  private func enrolledDevice() async throws -> EnrolledDevice {
    let key = try P256.PrivateKey()
    let answer = try await enroll(key, claim: makeClaim())
    guard answer.status == 200 else { throw TestFailure("not enrolled: \(answer.status) \(answer.text)") }
    return try EnrolledDevice(key, answer.body, caFile: caFile)
  }

  package static let contract: [Promise<ProvisionerOfDevices>] = [
    Promise(name: "whoever asks is shown the root") { peer in
      let known = try X509Certificate.all(pem: Array(FileManager.default.contents(atPath: peer.caFile) ?? Data()))
      let shown = try await peer.ask("GET", DeviceRoute.trustRoots.rawValue)
      #expect(shown.status == 200)
      #expect(try X509Certificate.all(pem: shown.body).first == known.first)
    },
    Promise(name: "a claim and a key bring a certificate of that key, and what the fuses are to hold agrees with it") {
      peer in
      let device = try await peer.enrolledDevice()
      let (identity, publicKey) = (device.identity, device.key.publicKey)
      let leaf = try device.verifiedLeaf(of: identity.certificateChain)
      #expect(leaf.uris == ["urn:xtblish:device:\(identity.deviceID)"])
      #expect(leaf.subjectPublicKeyInfo == publicKey.subjectPublicKeyInfo)
      #expect(identity.otp.deviceID == identity.deviceID)
      #expect(identity.otp.publicKeyHash == Hexadecimal.encode(try publicKey.hash))
      #expect(identity.otp.rootDocumentHash == Hexadecimal.encode(try SHA256.digest(of: Array(identity.rootDocument))))
      #expect(Hexadecimal.decode(identity.otp.directorKey)?.count == 32)
    },
    Promise(name: "a claim that nobody made is refused") { peer in
      let refused = try await peer.enroll(P256.PrivateKey(), claim: "nobodys")
      #expect(refused.status == 403)
      let problem = try JSONSerialization.jsonObject(with: Data(refused.body)) as? [String: Any]
      #expect(problem?["reason"] as? String == "claim-refused")
    },
    Promise(name: "a device gets its next certificate by the one that it has") { peer in
      let device = try await peer.enrolledDevice()
      let request = try CertificateRequest(key: device.key, commonName: "device")
      let body = ["certificateRequest": Data(request.der).base64EncodedString()]
      let answer = try await peer.ask(
        "POST", DeviceRoute.renewal.rawValue, Array(JSONEncoder().encode(body)), tls: device.tls)
      #expect(answer.status == 200)
      let renewed = try JSONDecoder().decode(EnrolledDevice.Renewal.self, from: Data(answer.body))
      let leaf = try device.verifiedLeaf(of: renewed.certificateChain)
      #expect(leaf.uris == ["urn:xtblish:device:\(device.identity.deviceID)"])
      #expect(leaf.subjectPublicKeyInfo == device.key.publicKey.subjectPublicKeyInfo)
    },
    Promise(name: "a root document is given as the device was told it, and one that there is not is not found") {
      peer in
      let device = try await peer.enrolledDevice()
      let document = try await peer.ask("GET", DeviceRoute.path(rootDocument: 1))
      #expect(document.status == 200 && document.body == Array(device.identity.rootDocument))
      #expect(try await peer.ask("GET", DeviceRoute.path(rootDocument: 999)).status == 404)
    },
    Promise(name: "fuses that hold what the device was told agree with the record") { peer in
      let device = try await peer.enrolledDevice()
      let answer = try await peer.ask("POST", DeviceRoute.fuses.rawValue, device.fuseReport(), tls: device.tls)
      #expect(answer.status == 200)
      let fields = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
      #expect(fields?["agrees"] as? Bool == true)
      #expect(fields?["differences"] as? [String] == [])
    },
  ]
}

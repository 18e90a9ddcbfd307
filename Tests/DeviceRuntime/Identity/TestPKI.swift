import Foundation
import Foundations
import OpenSSL
import TestSupport

@testable import DeviceCredentials

/// An authority as the Provisioner's: a root, an issuing authority under it, and what it issues. Made when a test runs.
struct TestPKI: Sendable {
  let root: X509Certificate
  let issuer: X509Certificate
  private let issuerKey: P256.PrivateKey

  init() throws {
    let now = Date()
    let rootKey = try P256.PrivateKey()
    let end = now.addingTimeInterval(86_400)
    root = try X509Certificate(
      CertificateTemplate(
        commonName: "xtblish root test", kind: .authority(pathLength: nil), notBefore: now.addingTimeInterval(-3600),
        notAfter: end), for: rootKey.publicKey, issuer: nil, issuerKey: rootKey)
    issuerKey = try P256.PrivateKey()
    issuer = try X509Certificate(
      CertificateTemplate(
        commonName: "xtblish issuing CA test", kind: .authority(pathLength: 0),
        notBefore: now.addingTimeInterval(-3600),
        notAfter: end), for: issuerKey.publicKey, issuer: root, issuerKey: rootKey)
  }

  /// A device's certificate and the issuing authority's, PEM.
  ///
  /// - Parameters:
  ///   - backdated: how long ago its life began, in seconds.
  ///   - life: how long it is good from now on, in seconds; negative: it has expired.
  func chain(
    for key: P256.PublicKey, device: DeviceID, backdated: Double = 0, life: Double = 3600,
    usage: CertificateTemplate.Usage = .client
  ) throws -> String {
    let now = Date()
    let leaf = try X509Certificate(
      CertificateTemplate(
        commonName: device.description, kind: .leaf([usage]), alternativeNames: [.uri(DeviceCertificate.uri(device))],
        notBefore: now.addingTimeInterval(min(-backdated, life - 1)), notAfter: now.addingTimeInterval(life)),
      for: key, issuer: issuer, issuerKey: issuerKey)
    return try leaf.pem + issuer.pem
  }

  /// Files of a service on this machine.
  func service(_ name: String, in folder: TemporaryFolder) throws -> (certificateFile: String, keyFile: String) {
    let key = try P256.PrivateKey()
    let now = Date()
    let leaf = try X509Certificate(
      CertificateTemplate(
        commonName: name, kind: .leaf([.server, .client]),
        alternativeNames: [.uri("urn:xtblish:service:\(name)"), .dns("localhost"), .ip([127, 0, 0, 1])],
        notBefore: now.addingTimeInterval(-60), notAfter: now.addingTimeInterval(3600)),
      for: key.publicKey, issuer: issuer, issuerKey: issuerKey)
    try writeFile(folder.path("\(name).pem"), try leaf.pem + issuer.pem)
    try writeFile(folder.path("\(name).key"), String(decoding: try key.pem(), as: UTF8.self))
    return (folder.path("\(name).pem"), folder.path("\(name).key"))
  }

  func caFile(in folder: TemporaryFolder) throws -> String {
    try writeFile(folder.path("ca.pem"), try root.pem)
    return folder.path("ca.pem")
  }
}

package import Curl
package import DeviceStorage
import FoundationEssentials
import Foundations
package import Logging
package import Mosquitto
import OpenSSL

/// How a device shows who it is, and whom and what it trusts.
package struct DeviceSecurity: Sendable {
  /// TLS for the connection to the broker; nil: none.
  package var mqtt: MQTTTLS?
  /// What the device demands of images.
  package var trust: DeviceTrust
  /// Renews the certificate and reports the fuses; nil: there is nothing to renew.
  package var upkeep: IdentityUpkeep?

  /// Plain connections, and images that nobody signed.
  package static let insecure = DeviceSecurity(mqtt: nil, trust: .unsigned, upkeep: nil)

  private init(mqtt: MQTTTLS?, trust: DeviceTrust, upkeep: IdentityUpkeep?) {
    self.mqtt = mqtt
    self.trust = trust
    self.upkeep = upkeep
  }

  /// - Throws: `IdentityError` if key, certificate, fuses and root documents are not those of one device.
  package init(
    _ identity: DeviceIdentity, files: IdentityFiles, bank: any OTPBank, http: HTTPClient, logger: Logger
  ) throws {
    let pin = try Self.check(identity, files, OTPContents(try bank.read()))
    let documents = try RootDocumentStore(
      flash: files.documents, pin: pin, urls: identity.provisionerURLs, http: http)
    mqtt = try files.mqttTLS()
    trust = DeviceTrust(bank: bank, documents: documents)
    upkeep = IdentityUpkeep(
      files: files, device: identity.device, bank: bank, documents: documents, urls: identity.provisionerURLs,
      http: http, logger: logger)
  }

  /// - Returns: what the fuses say of the first root document.
  private static func check(
    _ identity: DeviceIdentity, _ files: IdentityFiles, _ contents: OTPContents
  ) throws -> SHA256Digest {
    guard contents.provisioned, let pin = contents.rootDocumentHash.flatMap({ SHA256Digest($0) }) else {
      throw IdentityError.inconsistent("the OTP bank is not programmed")
    }
    guard contents.deviceID == identity.device else {
      throw IdentityError.inconsistent(
        "identity.json is device \(identity.device), and the OTP bank \(contents.deviceID?.description ?? "none")")
    }
    guard let key = try files.key(), try contents.publicKeyHash == Hexadecimal.encode(key.publicKey.hash) else {
      throw IdentityError.inconsistent("the device's key is not the one whose hash is burnt")
    }
    guard let leaf = try files.chain().first, leaf.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo,
      leaf.uris == [DeviceCertificate.uri(identity.device)]
    else { throw IdentityError.inconsistent("the certificate is not this device's") }
    return pin
  }
}

extension IdentityFiles {
  /// Where the libraries find the files; they read them for each new connection.
  private func paths() throws -> (authorities: String, certificate: String, key: String) {
    guard let authorities = flash.path(of: Self.authorities), let certificate = flash.path(of: Self.certificate),
      let key = flash.path(of: Self.key)
    else { throw IdentityError.unreadable("this flash has no files that a library could open") }
    return (authorities, certificate, key)
  }

  func mqttTLS() throws -> MQTTTLS {
    let paths = try paths()
    return MQTTTLS(caFile: paths.authorities, certificateFile: paths.certificate, keyFile: paths.key)
  }

  /// How to connect to image stores and Provisioners.
  package func httpTLS() throws -> HTTPTLS {
    let paths = try paths()
    return HTTPTLS(caFile: paths.authorities, certificateFile: paths.certificate, keyFile: paths.key)
  }
}

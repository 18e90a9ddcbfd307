package import DeviceStorage
import FoundationEssentials
package import OpenSSL
import TextFormats

/// A device's key, its certificates and the root documents: a folder beside the slots, for their owner alone.
package struct IdentityFiles: Sendable {
  static let key = "device.key"
  static let certificate = "device.pem"
  static let authorities = "ca.pem"
  /// The file that says what is to be burnt, as the Provisioner said it.
  package static let program = "otp.json"
  /// An enrolment that was answered, until all of it is in place.
  static let pending = "enrolment.json"

  /// A new certificate that could not be taken yet.
  static let renewal = "renewal.json"

  private static let maximumBytes = 1 << 20

  /// The folder of the key and the certificates.
  package let flash: any Flash
  /// The folder of the root documents.
  package let documents: any Flash

  package init(flash: any Flash, documents: any Flash) {
    self.flash = flash
    self.documents = documents
  }

  /// - Parameter directory: the device's.
  package init(directory: String) throws(FlashError) {
    let folder = "\(directory)/identity"
    self.init(
      flash: try DirectoryFlash(directory: folder), documents: try DirectoryFlash(directory: "\(folder)/root"))
  }

  /// The device's own key, made here at the first call. It stays over interrupted enrolments, and nothing sends it.
  package func keyMadeIfNeeded() throws -> P256.PrivateKey {
    if let key = try key() { return key }
    let key = try P256.PrivateKey()
    var pem = try key.pem()
    defer { pem.wipe() }
    try flash.replace(Self.key, with: pem)
    return key
  }

  /// The device's own key.
  ///
  /// - Returns: nil if none was made yet.
  package func key() throws -> P256.PrivateKey? {
    guard var pem = try flash.readAll(Self.key, maximumBytes: Self.maximumBytes) else { return nil }
    defer { pem.wipe() }
    do {
      return try P256.PrivateKey(pem: pem)
    } catch {
      throw IdentityError.unreadable("\(Self.key) is damaged: \(error)")
    }
  }

  /// The device's certificate and those above it.
  func chain() throws -> [X509Certificate] { try certificates(Self.certificate) }

  /// Whom the device trusts.
  func roots() throws -> [X509Certificate] { try certificates(Self.authorities) }

  private func certificates(_ name: String) throws -> [X509Certificate] {
    guard let pem = try flash.readAll(name, maximumBytes: Self.maximumBytes) else {
      throw IdentityError.unreadable("\(name) is not there")
    }
    let certificates: [X509Certificate]
    do {
      certificates = try X509Certificate.all(pem: pem)
    } catch {
      throw IdentityError.unreadable("\(name) is damaged: \(error)")
    }
    guard !certificates.isEmpty else { throw IdentityError.unreadable("\(name) holds no certificate") }
    return certificates
  }

  /// Writes certificates and roots; the roots first: a certificate must never be there without those that vouch for
  /// the servers.
  package func save(chain: String, roots: String) throws {
    try flash.replace(Self.authorities, with: Array(roots.utf8))
    try flash.replace(Self.certificate, with: Array(chain.utf8))
  }

  /// Writes what is to be burnt; durable when this returns.
  package func save(_ program: OTPProgram) throws {
    try flash.replace(Self.program, with: Array(try JSONCoding.encoder().encode(program)))
  }

  /// What is to be burnt.
  ///
  /// - Returns: nil if the device has not enrolled.
  package func program() throws -> OTPProgram? {
    guard let bytes = try flash.readAll(Self.program, maximumBytes: Self.maximumBytes) else { return nil }
    do {
      return try JSONCoding.decode(OTPProgram.self, from: bytes)
    } catch {
      throw IdentityError.unreadable("\(Self.program) is damaged")
    }
  }

  func saveRenewal(_ bytes: [UInt8]) throws { try flash.replace(Self.renewal, with: bytes) }

  func renewal() throws -> [UInt8]? { try flash.readAll(Self.renewal, maximumBytes: Self.maximumBytes) }

  func removeRenewal() throws { try flash.remove(Self.renewal) }

  func savePending(_ bytes: [UInt8]) throws { try flash.replace(Self.pending, with: bytes) }

  func pending() throws -> [UInt8]? { try flash.readAll(Self.pending, maximumBytes: Self.maximumBytes) }

  /// Forgets the answer of an enrolment, whose parts are all in place; durable when this returns.
  package func removePending() throws {
    try flash.remove(Self.pending)
    try flash.syncNames()
  }
}

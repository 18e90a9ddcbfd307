package import DeviceStorage
import FoundationEssentials
import Foundations
package import OpenSSL
import TextFormats

/// From an answer of the Provisioner to a device that can run: its files and its fuses.
///
/// Every step is durable before the next, `identity.json` comes last, and the answer itself is kept until then. So an
/// interruption anywhere is mended by doing it once more.
package struct EnrolmentInstallation: Sendable {
  private struct Pending: Codable {
    var answer: EnrolmentAnswer
    var serial: String
    var provisionerURL: String
  }

  let flash: any Flash
  /// The device's key, certificates and root documents.
  package let files: IdentityFiles
  let bank: any OTPBank

  /// - Parameter flash: the device's own, for `identity.json`.
  package init(flash: any Flash, files: IdentityFiles, bank: any OTPBank) {
    self.flash = flash
    self.files = files
    self.bank = bank
  }

  /// Completes an installation that was interrupted.
  ///
  /// - Returns: nil if there is none.
  package func resume() throws -> DeviceIdentity? {
    guard let bytes = try files.pending() else { return nil }
    guard let pending = try? JSONCoding.decode(Pending.self, from: bytes) else {
      try files.removePending()
      return nil
    }
    return try complete(pending)
  }

  /// The serial number that the device enrolled with before, if there is an identity whose key it still has.
  package func formerSerial(directory: String) -> String? {
    guard let identity = try? DeviceIdentity.load(from: flash, directory: directory), !identity.isPlain else {
      return nil
    }
    return identity.serial.isEmpty ? nil : identity.serial
  }

  /// Makes sure that the fuses don't hold another key's hash, as they can't be given this one's any more.
  ///
  /// - Throws: `OTPError.conflict` if they do.
  package func checkFuses(for key: P256.PrivateKey) throws {
    guard let burnt = OTPContents(try bank.read()).publicKeyHash else { return }
    guard try burnt == Hexadecimal.encode(key.publicKey.hash) else { throw OTPError.conflict(field: "public key") }
  }

  /// Puts everything that was answered in place. Durable when it returns.
  package func install(
    _ answer: EnrolmentAnswer, serial: String, provisionerURL: String
  ) throws -> DeviceIdentity {
    let pending = Pending(answer: answer, serial: serial, provisionerURL: provisionerURL)
    if !answer.isPlain {
      let secured = try answer.secured(for: try files.keyMadeIfNeeded().publicKey)
      // Before any file is written: an identity that the fuses refuse must not spoil the one that they hold.
      try secured.program.check(try bank.read())
    }
    try files.savePending(Array(try JSONCoding.encoder().encode(pending)))
    return try complete(pending)
  }

  private func complete(_ pending: Pending) throws -> DeviceIdentity {
    let answer = pending.answer
    if !answer.isPlain {
      let secured = try answer.secured(for: try files.keyMadeIfNeeded().publicKey)
      try files.save(chain: secured.chain, roots: secured.roots)
      try RootDocumentStore.save(first: secured.rootDocument, to: files.documents)
      try files.save(secured.program)
      do throws(OTPError) {
        try secured.program.apply(to: bank)
      } catch {
        switch error {
        // Somebody blew others since. Nothing of this was, and the next attempt must be free to ask for something else.
        case .conflict, .locked, .unencodable, .noSuchWord: try files.removePending()
        // Some may be blown: only this very program completes them.
        case .damaged, .notTaken, .unreachable: break
        }
        throw error
      }
    }
    let urls = answer.provisionerURLs ?? []
    let identity = DeviceIdentity(
      device: answer.deviceID, name: answer.name, serial: pending.serial, mqttHost: answer.mqtt.host,
      mqttPort: answer.mqtt.port, imageStoreURLs: answer.imageStoreURLs, provisionerURL: pending.provisionerURL,
      provisionerURLs: urls.isEmpty ? [pending.provisionerURL] : urls, heartbeatSeconds: answer.heartbeatSeconds,
      isPlain: answer.isPlain)
    try identity.save(to: flash)
    try files.removePending()
    return identity
  }
}

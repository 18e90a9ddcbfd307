package import FirmwareImage
import Foundations
import Glibc
import OpenSSL
import Synchronization

/// The private keys of the director, in a folder that its owner alone may enter: `<key ID>.key`.
///
/// Which of them signs is in the database; replicas share the folder or have copies of it.
package final class DirectorKeyring: Sendable {
  private let directory: String
  private let keys = Mutex<[KeyID: Ed25519.PrivateKey]>([:])

  /// - Parameter directory: made when the first key is.
  package init(directory: String) {
    self.directory = directory
  }

  /// Makes a key and its file, which is durable when this returns.
  func create() throws(SigningKeyError) -> TrustedKey {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw .failed("mkdir", directory, errno) }
    let (key, trusted) = try SigningKeyFile.make()
    try SigningKeyFile.save(key, to: path(of: trusted.id))
    keys.withLock { $0[trusted.id] = key }
    return trusted
  }

  /// Removes a key that nobody has heard of yet.
  func discard(_ id: KeyID) {
    keys.withLock { $0[id] = nil }
    unlink(path(of: id))
  }

  /// The key with this ID, from its file the first time.
  func key(_ id: KeyID) throws(RequestFailure) -> Ed25519.PrivateKey {
    if let key = keys.withLock({ $0[id] }) { return key }
    let path = path(of: id)
    do throws(SigningKeyError) {
      let key = try SigningKeyFile.readPrivate(path)
      guard try Self.id(of: key) == id else { throw SigningKeyError.notAKey(path, "PRIVATE KEY") }
      keys.withLock { $0[id] = key }
      return key
    } catch {
      throw RequestFailure(
        .unavailable, reason: DirectorKeyReason.missing,
        message: "the director's key \(id) can't be used at this replica: \(error). Replicas share the folder in "
          + "registry.director.directory, or have copies of its files")
    }
  }

  private static func id(of key: Ed25519.PrivateKey) throws(SigningKeyError) -> KeyID {
    let publicKey: Ed25519.PublicKey
    do throws(OpenSSLError) { publicKey = try key.publicKey() } catch { throw .cryptography(error) }
    do throws(ImageFormatError) { return try KeyID(of: publicKey) } catch { throw .unusable(error) }
  }

  private func path(of id: KeyID) -> String { "\(directory)/\(id).key" }
}

/// Whether and how the Registry signs what it assigns.
package enum AssignmentSigning: Sendable {
  /// Nothing is signed: for an installation that was made insecure.
  case none
  /// Signed by the director, with a key of the keyring.
  ///
  /// - requiresRootDocument: whether devices must be able to learn of the key.
  /// - publishers: what an app must prove about who built it before it is signed.
  case director(DirectorKeyring, requiresRootDocument: Bool, publishers: PublisherPolicy = .unchecked)
}

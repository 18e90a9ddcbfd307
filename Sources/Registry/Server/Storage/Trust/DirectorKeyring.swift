package import FirmwareImage
import Foundations
import Glibc
import OpenSSL
import RegistryDomain
import Synchronization

/// The private keys of the director, in a folder that its owner alone may enter: `<key ID>.key`.
///
/// Which of them signs is in the database; replicas share the folder or have copies of it. A folder that they can't write,
/// such as a Secret of Kubernetes, gets its keys from whoever fills it: see ``waitingKey(besides:)``.
package final class DirectorKeyring: Sendable {
  private let directory: String
  private let keys = Mutex<[KeyID: Ed25519.PrivateKey]>([:])

  /// - Parameter directory: made when the first key is.
  package init(directory: String) {
    self.directory = directory
  }

  /// A key that nobody knows yet: one that waits in the folder, else a new one.
  ///
  /// - Parameter known: the keys that have been used.
  /// - Returns: the key, and whether it was made by this.
  func unknownKey(besides known: Set<KeyID>) throws(RequestFailure) -> (key: TrustedKey, isNew: Bool) {
    do throws(SigningKeyError) {
      if let waiting = try waitingKey(besides: known) { return (waiting, false) }
      return (try create(), true)
    } catch {
      guard case .failed(_, let path, EROFS) = error else { throw RequestFailure(error) }
      throw RequestFailure(
        .internal, reason: "director-key",
        message: "\(path) can't be made, as its folder can't be written to, and no new key waits in it: make one with "
          + "`xtblish-registry director create` and bring it there")
    }
  }

  /// A key that somebody put into the folder and that is none of those `known`: into the Secret that the folder is, or with
  /// a copy of the folder of an installation whose database was lost.
  ///
  /// - Returns: of several that whose file changed last; nil: there is none.
  /// - Throws: if others may use the file of such a key.
  func waitingKey(besides known: Set<KeyID>) throws(SigningKeyError) -> TrustedKey? {
    for file in try files().sorted(by: { ($0.changed, $0.path) > ($1.changed, $1.path) }) where !known.contains(file.id)
    {
      do throws(SigningKeyError) {
        let key = try SigningKeyFile.readPrivate(file.path)
        let trusted = try Self.trusted(key)
        guard trusted.id == file.id else { continue }
        keys.withLock { $0[file.id] = key }
        return trusted
      } catch .notAKey {
        // Half of one that was being made when the machine failed.
        continue
      }
    }
    return nil
  }

  /// The files of the folder that are named like keys, with the second of their last change.
  private func files() throws(SigningKeyError) -> [(id: KeyID, path: String, changed: Int)] {
    guard let folder = opendir(directory) else {
      guard errno == ENOENT else { throw .failed("opendir", directory, errno) }
      return []
    }
    defer { closedir(folder) }
    var files: [(id: KeyID, path: String, changed: Int)] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasSuffix(Self.suffix), let bytes = Hexadecimal.decode(name.dropLast(Self.suffix.count)),
        let id = KeyID(bytes: bytes), path(of: id) == "\(directory)/\(name)"
      else { continue }
      var status = stat()
      guard stat(path(of: id), &status) == 0 else { throw .failed("stat", path(of: id), errno) }
      files.append((id, path(of: id), status.st_mtim.tv_sec))
    }
    return files
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
      guard try Self.trusted(key).id == id else { throw SigningKeyError.notAKey(path, "PRIVATE KEY") }
      keys.withLock { $0[id] = key }
      return key
    } catch {
      throw RequestFailure(
        .unavailable, reason: DirectorKeyReason.missing,
        message: "the director's key \(id) can't be used at this replica: \(error). Replicas share the folder in "
          + "registry.director.directory, or have copies of its files")
    }
  }

  private static let suffix = ".key"

  private static func trusted(_ key: Ed25519.PrivateKey) throws(SigningKeyError) -> TrustedKey {
    let publicKey: Ed25519.PublicKey
    do throws(OpenSSLError) { publicKey = try key.publicKey() } catch { throw .cryptography(error) }
    do throws(ImageFormatError) { return try TrustedKey(publicKey) } catch { throw .unusable(error) }
  }

  private func path(of id: KeyID) -> String { "\(directory)/\(id)\(Self.suffix)" }
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

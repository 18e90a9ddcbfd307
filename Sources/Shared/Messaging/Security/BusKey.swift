import Foundations
import Glibc
import Wire
package import ZeroMQ

/// Who a process is on the bus, `peer`, and the `keyPair` that proves it.
package struct BusKey: Sendable, CustomStringConvertible {
  package let peer: BusPeer
  package let keyPair: CurveKeyPair

  package init(peer: BusPeer, keyPair: CurveKeyPair) {
    self.peer = peer
    self.keyPair = keyPair
  }

  /// Makes a new random key for a peer. Nothing is written.
  package static func generate(for peer: BusPeer) throws(KeyFileError) -> BusKey {
    do {
      return BusKey(peer: peer, keyPair: try CurveKeyPair.generate())
    } catch {
      throw KeyFileError("can't make a key pair: \(error)")
    }
  }

  /// The public half, by which others know the peer.
  package var publicKey: CurvePublicKey { keyPair.publicKey }

  package var description: String { "\(peer) with the public key \(publicKey.text)" }
}

// MARK: Files

extension BusKey {
  /// Reads a key file, which its owner alone may read.
  package init(file path: String) throws(KeyFileError) {
    let text = try KeyFile.read(path, access: .secret)
    let fields = try KeyFields(text, fields: ["role", "name", "secret"], source: path)
    guard let keyPair = CurveKeyPair(secretText: fields["secret"]) else {
      throw KeyFileError("the secret in \(path) is not a key of 40 characters of Z85: make one with bus-key create")
    }
    self.init(peer: try fields.peer(source: path), keyPair: keyPair)
  }

  /// Writes a new key file, which its owner alone may read.
  ///
  /// - Throws: if there is one already.
  package func write(file path: String) throws(KeyFileError) {
    try KeyFile.write(fileText) { bytes throws(SmallFileError) in try SmallFile.create(path, bytes, for: .owner) }
  }

  /// Writes the file of a key that is made anew at each start: as `write`, but in the place of a file that may be
  /// there.
  package func remake(file path: String) throws(KeyFileError) {
    try KeyFile.write(fileText) { bytes throws(SmallFileError) in try SmallFile.remake(path, bytes, for: .owner) }
  }

  private var fileText: String {
    """
    # A key of the bus: whoever has it is \(peer).
    role = \(peer.role.rawValue)
    name = \(peer.name)
    secret = \(keyPair.secretText)

    """
  }

  /// The name of the file of its public half in a folder of peers. Two keys of one peer have different names, since
  /// both are in use while one replaces the other.
  package var peerFileName: String {
    // Z85 has characters that mean something to file systems and shells.
    "\(peer.role.rawValue)-\(peer.name)-\(Hexadecimal.encode(publicKey.text.utf8.prefix(4))).peer"
  }

  /// Makes the public half known to everybody who reads `folder`, which is made if it is missing.
  ///
  /// - Returns: the file, which no other key has.
  @discardableResult
  package func publish(in folder: String) throws(KeyFileError) -> String {
    let path = "\(folder)/\(peerFileName)"
    try KeyFile.write(peerText) { bytes throws(SmallFileError) in try SmallFile.replace(path, bytes, for: .everybody) }
    return path
  }

  /// Writes the public half of a key that is made anew at each start, in the place of a file that may be there.
  package func remakePeer(file path: String) throws(KeyFileError) {
    try KeyFile.write(peerText) { bytes throws(SmallFileError) in try SmallFile.remake(path, bytes, for: .everybody) }
  }

  private var peerText: String {
    """
    # A public key of the bus. Without this file nobody is let in with it.
    role = \(peer.role.rawValue)
    name = \(peer.name)
    key = \(publicKey.text)

    """
  }
}

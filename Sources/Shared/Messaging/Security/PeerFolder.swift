import Foundations
import Glibc
import Wire
import ZeroMQ

/// A folder, at `path`, with a file `ANYTHING.peer` for each public key.
package struct PeerFolder: Sendable {
  /// More are refused: every look at the folder reads them all.
  static let maximumFiles = 4096

  /// `ST_RDONLY` of statvfs(3).
  private static let readOnlyMount: UInt = 1

  package let path: String

  package init(_ path: String) { self.path = path }

  /// Makes the folder if it is missing; its parent must exist.
  ///
  /// - Parameter isPrivate: whether nobody but its owner may look into it.
  package func make(isPrivate: Bool = false) throws(KeyFileError) {
    try KeyFile.makeFolder(path, isPrivate: isPrivate)
  }

  /// What the folder says, and what is wrong with its files.
  struct Contents: Sendable, Equatable {
    var files: [String: Entry] = [:]
    var problems: [KeyFileError] = []

    struct Entry: Sendable, Equatable {
      let peer: BusPeer
      let key: CurvePublicKey
    }

    /// A key that two files give to different peers is nobody's.
    mutating func makePeers() -> BusPeers {
      var peers = BusPeers()
      var disputed: Set<CurvePublicKey> = []
      for (path, entry) in files.sorted(by: { $0.key < $1.key }) {
        if let other = peers[entry.key], other != entry.peer {
          disputed.insert(entry.key)
          problems.append(KeyFileError("\(path) gives a key to \(entry.peer) that \(other) has: one of them must go"))
        }
        peers[entry.key] = entry.peer
      }
      for key in disputed { peers[key] = nil }
      return peers
    }
  }

  /// The peers in the folder.
  ///
  /// - Throws: with all that is wrong, so that a process does not start with half of its peers.
  package func read() throws(KeyFileError) -> BusPeers { try readAll().peers }

  /// The peers, as ``read()`` gives them, and what each file says.
  func readAll() throws(KeyFileError) -> (peers: BusPeers, files: [String: Contents.Entry]) {
    var contents = try readContents()
    let peers = contents.makePeers()
    guard contents.problems.isEmpty else {
      throw KeyFileError(contents.problems.map(\.description).joined(separator: "; "))
    }
    return (peers, contents.files)
  }

  /// - Throws: if the folder itself can't be read or trusted.
  func readContents() throws(KeyFileError) -> Contents {
    var contents = Contents()
    for path in try paths() {
      do throws(KeyFileError) {
        let text = try KeyFile.read(path, access: .notWorldWritable)
        let fields = try KeyFields(text, fields: ["role", "name", "key"], source: path)
        guard let key = CurvePublicKey(fields["key"]) else {
          throw KeyFileError("the key in \(path) is not 40 characters of Z85")
        }
        contents.files[path] = Contents.Entry(peer: try fields.peer(source: path), key: key)
      } catch {
        contents.problems.append(error)
      }
    }
    return contents
  }

  /// Where nobody else can put files: the folder itself, or what a volume of Kubernetes has in it.
  ///
  /// Kubernetes gives everybody the right to write to a ConfigMap's folder. Mounted read-only nobody can; and the files
  /// are in a folder of root's below it, which `..data` names and which is exchanged as a whole.
  private func trustedPath() throws(KeyFileError) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw KeyFileError("can't read the folder of peers \(path): \(KeyFile.errorText())")
    }
    var volume = statvfs()
    let isReadOnly = statvfs(path, &volume) == 0 && volume.f_flag & Self.readOnlyMount != 0
    if status.st_mode & 0o002 == 0 || isReadOnly { return path }
    let data = "\(path)/..data"
    if stat(data, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == 0, status.st_mode & 0o022 == 0 {
      return data
    }
    throw KeyFileError(
      "anybody may write to the folder of peers \(path): chmod o-w it, or mount it read-only into a container")
  }

  /// The files, sorted by name.
  func paths() throws(KeyFileError) -> [String] {
    let path = try trustedPath()
    guard let folder = opendir(path) else {
      throw KeyFileError("can't read the folder of peers \(path): \(KeyFile.errorText())")
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".peer"), !name.hasPrefix(".") { names.append(name) }
    }
    guard names.count <= Self.maximumFiles else {
      throw KeyFileError("the folder of peers \(path) has more than \(Self.maximumFiles) files")
    }
    return names.sorted().map { "\(path)/\($0)" }
  }
}

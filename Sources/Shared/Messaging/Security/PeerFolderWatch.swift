import Dispatch
import Glibc
import Logging
import Synchronization
import ZeroMQ

/// Keeps a table of peers as its folder says, while it lives.
///
/// Looks twice a second, which works on every file system and costs a few system calls. A file that becomes unreadable
/// keeps the meaning that it had, so that one that is just being written locks nobody out; a file that is removed is gone
/// at once.
final class PeerFolderWatch: Sendable {
  private static let interval = DispatchTimeInterval.milliseconds(500)

  private struct FileMark: Equatable {
    let path: String
    let inode: UInt64
    let size: Int
    let changedSeconds: Int
    let changedNanoseconds: Int
  }

  private struct State {
    var marks: [FileMark]
    var files: [String: PeerFolder.Contents.Entry]
    /// Told once.
    var problems: Set<String> = []
    var timer: (any DispatchSourceTimer)?
  }

  /// What the folder says now.
  let table: PeerTable
  private let folder: PeerFolder
  private let logger: Logger
  private let state: Mutex<State>

  /// - Throws: if anything is wrong with the folder or its files now; later that is only logged.
  init(_ folder: PeerFolder, logger: Logger) throws(KeyFileError) {
    self.folder = folder
    self.logger = logger
    // Before the files are read: what changes in between is seen at the next look.
    let marks = try Self.marks(of: folder)
    let (peers, files) = try folder.readAll()
    table = PeerTable(peers)
    state = Mutex(State(marks: marks, files: files))
    state.withLock { state in
      let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "bus-peers"))
      timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .milliseconds(50))
      timer.setEventHandler { [weak self] in self?.look() }
      timer.activate()
      state.timer = timer
    }
  }

  deinit { state.withLock { $0.timer?.cancel() } }

  private func look() {
    do throws(KeyFileError) {
      let marks = try Self.marks(of: folder)
      guard state.withLock({ $0.marks != marks }) else { return }
      try reload(marks)
    } catch {
      tell([error])
    }
  }

  private func reload(_ marks: [FileMark]) throws(KeyFileError) {
    var contents = try folder.readContents()
    let before = state.withLock { $0.files }
    for mark in marks where contents.files[mark.path] == nil {
      if let known = before[mark.path] { contents.files[mark.path] = known }
    }
    let (files, hadProblems) = (contents.files, !contents.problems.isEmpty)
    let peers = contents.makePeers()
    state.withLock { state in
      // A file that can't be read is tried again at every look.
      state.marks = hadProblems ? [] : marks
      state.files = files
    }
    tell(contents.problems)
    let old = table.peers
    table.replace(peers)
    guard peers != old else { return }
    for (peer, key) in peers.all where old[key] != peer {
      logger.info("bus peer added", metadata: ["peer": "\(peer)", "key": "\(key.text)"])
    }
    for (peer, key) in old.all where peers[key] != peer {
      logger.info("bus peer removed", metadata: ["peer": "\(peer)", "key": "\(key.text)"])
    }
  }

  private func tell(_ problems: [KeyFileError]) {
    let new = state.withLock { state in
      let texts = Set(problems.map(\.description))
      defer { state.problems = texts }
      return texts.subtracting(state.problems)
    }
    for problem in new.sorted() {
      logger.warning("the bus's folder of peers has a mistake", metadata: ["error": "\(problem)"])
    }
  }

  private static func marks(of folder: PeerFolder) throws(KeyFileError) -> [FileMark] {
    try folder.paths().map { path in
      var status = stat()
      guard stat(path, &status) == 0 else {
        return FileMark(path: path, inode: 0, size: 0, changedSeconds: 0, changedNanoseconds: 0)
      }
      return FileMark(
        path: path, inode: UInt64(status.st_ino), size: Int(status.st_size), changedSeconds: status.st_ctim.tv_sec,
        changedNanoseconds: status.st_ctim.tv_nsec)
    }
  }
}

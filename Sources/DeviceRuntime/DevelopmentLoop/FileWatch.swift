import AppLink
// Its sources may be used by any thread, which their types don't say.
@preconcurrency internal import Dispatch
import Foundations
import Glibc

/// Tells when a file has new content: written in place and closed, or replaced by another file of that name, which is
/// how editors and linkers save. Its folder must stay.
final class FileWatch: Sendable {
  private let source: any DispatchSourceRead
  /// The changes; one element stands for any number of them since the last.
  let changes: AsyncStream<Void>

  init(path: String) throws(AppLaunchError) {
    let (folder, name) = Self.split(path)
    let descriptor = inotify_init1(O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure("watch files") }
    let wanted = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO)
    guard inotify_add_watch(descriptor, folder, wanted) >= 0 else {
      defer { close(descriptor) }
      throw Self.failure("watch the folder \(folder)")
    }
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    changes = stream
    source = DispatchSource.makeReadSource(
      fileDescriptor: descriptor, queue: DispatchQueue(label: "file-watch"))
    source.setEventHandler {
      if Self.readNames(descriptor).contains(ByteText(name)) { continuation.yield() }
    }
    source.setCancelHandler {
      close(descriptor)
      continuation.finish()
    }
    source.resume()
  }

  deinit { source.cancel() }

  /// The names in all events that wait.
  private static func readNames(_ descriptor: Int32) -> Set<ByteText> {
    var names: Set<ByteText> = []
    let head = MemoryLayout<inotify_event>.size
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return names }
      var offset = 0
      while offset + head <= count {
        // struct inotify_event: the length of the name is its last field, and the name follows.
        let length = Int(
          buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset + head - 4, as: UInt32.self) })
        let name = buffer[(offset + head)..<min(offset + head + length, count)].prefix { $0 != 0 }
        names.insert(ByteText(String(decoding: name, as: UTF8.self)))
        offset += head + length
      }
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }

  private static func failure(_ what: String) -> AppLaunchError {
    AppLaunchError("can't \(what): \(String(cString: strerror(errno)))")
  }
}

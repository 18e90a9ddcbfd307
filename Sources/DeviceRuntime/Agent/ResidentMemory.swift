import CLinux
import Foundations
import Glibc

/// Gives back the memory that holds code and constants which only the start, or one update, needed.
///
/// Starting a program touches most of its libraries once: relocations, type metadata, TLS tables, the parser of the
/// command line. On a board with little memory those pages stay resident until the kernel is short of some. They are
/// clean copies of files, so the agent lets go of them when it has nothing to do; the few that it still uses come back
/// on first touch.
enum ResidentMemory {
  /// Releases the pages of all mapped files that this process can't have changed.
  ///
  /// - Returns: bytes released; 0 where `/proc` is not mounted.
  @discardableResult
  static func releaseFilePages() -> Int {
    _ = linux_malloc_trim(0)
    guard let file = fopen("/proc/self/smaps", "re") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096 + 128)
    var current: Mapping?
    var released = 0
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if let mapping = Mapping(header: text) {
        released += current?.release() ?? 0
        current = mapping
      } else {
        current?.read(field: text)
      }
    }
    return released + (current?.release() ?? 0)
  }

  /// One entry of `smaps` (proc_pid_smaps(5)).
  struct Mapping: Equatable {
    var start: UInt
    var end: UInt
    /// Read-only, private, and backed by a file.
    var isUnwritableFile: Bool
    var residentKiB = 0
    /// Pages that were changed before the mapping was made read-only, as relocated data is. They exist nowhere else.
    var anonymousKiB: Int?

    /// - Parameter header: "55d0c0000000-55d0c0021000 r--p 00000000 fe:01 1234   /usr/bin/program".
    init?(header: String) {
      let fields = header.split(whereSeparator: { $0 == " " || $0 == "\n" })
      guard fields.count >= 5, !fields[0].hasSuffix(":") else { return nil }
      let bounds = fields[0].split(separator: "-")
      guard bounds.count == 2, let start = UInt(bounds[0], radix: 16), let end = UInt(bounds[1], radix: 16) else {
        return nil
      }
      self.start = start
      self.end = end
      isUnwritableFile =
        fields[1].hasPrefix("r") && !fields[1].contains("w") && fields[1].hasSuffix("p") && fields[4] != "0"
        && fields.count > 5 && fields[5].hasPrefix("/")
    }

    /// - Parameter field: "Rss:                 132 kB".
    mutating func read(field: String) {
      let parts = field.split(separator: " ")
      guard parts.count >= 2, let value = Int(parts[1]) else { return }
      switch parts[0] {
      case "Rss:": residentKiB = value
      case "Anonymous:": anonymousKiB = value
      default: break
      }
    }

    /// Safe to be thrown away: every byte can be read from the file again.
    var isDisposable: Bool { isUnwritableFile && residentKiB > 0 && anonymousKiB == 0 }

    fileprivate func release() -> Int {
      guard isDisposable, let address = UnsafeMutableRawPointer(bitPattern: start),
        madvise(address, Int(end - start), Int32(MADV_DONTNEED)) == 0
      else { return 0 }
      return residentKiB << 10
    }
  }
}

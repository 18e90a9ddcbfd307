internal import CLinux
internal import Glibc

/// How much one thread of this process has computed and waited, asked from another.
struct ThreadUsage: Sendable {
  private let clock: clockid_t
  private let statusPath: String

  /// Of the calling thread.
  static func ofThisThread() -> ThreadUsage {
    var clock = clockid_t()
    pthread_getcpuclockid(pthread_self(), &clock)
    return ThreadUsage(clock: clock, statusPath: "/proc/self/task/\(linux_gettid())/status")
  }

  var processorNanoseconds: UInt64 { KernelClock.nanoseconds(clock) }

  /// How often it gave the processor up to wait; 0 if the kernel does not tell.
  var waits: UInt64 {
    guard let file = fopen(statusPath, "re") else { return 0 }
    defer { fclose(file) }
    let name = "voluntary_ctxt_switches:"
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix(name) { return UInt64(text.dropFirst(name.count).filter(\.isNumber)) ?? 0 }
    }
    return 0
  }
}

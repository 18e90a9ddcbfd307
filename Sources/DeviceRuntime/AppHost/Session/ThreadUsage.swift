import CLinux
import Foundations
import Glibc

/// How much one thread of this process has computed and waited, asked from another.
final class ThreadUsage: Sendable {
  private let clock: clockid_t
  /// The thread's status, open because the process gives up opening files; -1 if the kernel does not tell.
  private let status: Int32

  private init(clock: clockid_t, status: Int32) {
    self.clock = clock
    self.status = status
  }

  deinit { if status >= 0 { close(status) } }

  /// The usage of the calling thread.
  static func ofThisThread() -> ThreadUsage {
    var clock = clockid_t()
    pthread_getcpuclockid(pthread_self(), &clock)
    return ThreadUsage(
      clock: clock, status: open("/proc/self/task/\(linux_gettid())/status", O_RDONLY | O_CLOEXEC))
  }

  var processorNanoseconds: UInt64 { KernelClock.nanoseconds(clock) }

  /// How often it gave the processor up to wait; 0 if the kernel does not tell.
  var waits: UInt64 {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = pread(status, &buffer, buffer.count, 0)
    guard count > 0 else { return 0 }
    let name = "voluntary_ctxt_switches:"
    for line in buffer[..<count].split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix(name) { return UInt64(text.dropFirst(name.count).filter(\.isNumber)) ?? 0 }
    }
    return 0
  }
}

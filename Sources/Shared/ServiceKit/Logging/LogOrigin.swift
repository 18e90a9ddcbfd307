import Glibc
import Synchronization

/// Whose lines they are, for whoever gathers those of many processes: the `service`, and which `instance` of it.
struct LogOrigin: Sendable, Equatable {
  let service: String
  let instance: String

  private static let own = Mutex<LogOrigin?>(nil)

  /// Of all loggers that this process makes from now on; nil for a program that is no service.
  static var ofProcess: LogOrigin? { own.withLock { $0 } }

  /// Makes this process that service. To be called once, before any logger is made. Its instance is the name of the
  /// machine, or of the container, and the process ID.
  static func become(_ service: String) {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays 0: a name that is too long is cut.
    let host =
      gethostname(&name, name.count - 1) == 0
      ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "localhost"
    own.withLock { $0 = LogOrigin(service: service, instance: "\(host)-\(getpid())") }
  }
}

import Glibc

/// Whose lines they are, for whoever gathers those of many processes: the `service`, and which `instance` of it.
package struct LogOrigin: Sendable, Equatable {
  let service: String
  let instance: String

  package init(service: String, instance: String) {
    self.service = service
    self.instance = instance
  }

  /// This process, as the name of its machine, or of its container, and its process ID.
  static func ownProcess(of service: String) -> LogOrigin {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays 0: a name that is too long is cut.
    let host =
      gethostname(&name, name.count - 1) == 0
      ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "localhost"
    return LogOrigin(service: service, instance: "\(host)-\(getpid())")
  }
}

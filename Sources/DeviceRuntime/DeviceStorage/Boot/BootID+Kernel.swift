import Foundations
import Glibc
package import UpdateCore

extension BootID {
  /// - Parameter text: a UUID, as in `/proc/sys/kernel/random/boot_id`.
  init?(_ text: String) {
    guard let bytes = Hexadecimal.decode(text.filter { $0 != "-" && !$0.isWhitespace }) else { return nil }
    self.init(bytes: bytes)
  }

  /// The boot that this process runs in; `unknown` where the kernel does not tell.
  package static func current() -> BootID {
    let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .unknown }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return BootID(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)) ?? .unknown
  }
}

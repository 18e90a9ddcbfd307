internal import Glibc

/// A serial number for a machine that was given none.
package enum MachineSerial {
  /// Where boards keep theirs, best first: a device tree's, the maker's in the firmware, the installation's.
  private static let sources = [
    "/sys/firmware/devicetree/base/serial-number", "/sys/class/dmi/id/product_serial", "/etc/machine-id",
  ]

  /// - Returns: nil if this machine says nothing of itself.
  package static func read() -> String? {
    for path in sources {
      guard let text = firstLine(of: path), Enrolment.serialLengths.contains(text.count), !isPlaceholder(text) else {
        continue
      }
      return text
    }
    return nil
  }

  /// Makers leave such texts where a serial number should be.
  private static func isPlaceholder(_ text: String) -> Bool {
    let lower = text.lowercased()
    return lower.contains(" ") || ["0", "none", "default", "unknown", "n/a", "123456789"].contains(lower)
      || lower.allSatisfy { $0 == "0" || $0 == "." || $0 == "x" }
  }

  private static func firstLine(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    let text = bytes.prefix(count).prefix { $0 >= 0x20 && $0 < 0x7F }
    return String(decoding: text, as: UTF8.self)
  }
}

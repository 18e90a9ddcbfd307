import Foundations
import Glibc

/// A serial number for a machine that was given none.
package enum MachineSerial {
  /// Where boards keep theirs, best first: a device tree's, the maker's in the firmware, the installation's.
  private static let sources = [
    "/sys/firmware/devicetree/base/serial-number", "/sys/class/dmi/id/product_serial", "/etc/machine-id",
  ]

  /// The serial number that this machine's maker or installation gave it.
  ///
  /// - Returns: nil if there is none that tells machines apart.
  package static func read() -> String? {
    for path in sources {
      guard let text = firstLine(of: path), isUsable(text) else { continue }
      return text
    }
    return nil
  }

  /// Whether the text tells this machine from others.
  static func isUsable(_ text: String) -> Bool {
    Enrolment.serialLengths.contains(text.utf8.count) && !text.utf8.contains(UInt8(ascii: " "))
      && !SerialPlaceholder.contains(text)
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

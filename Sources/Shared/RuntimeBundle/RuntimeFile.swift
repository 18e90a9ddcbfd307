package import Foundations

/// A file of a runtime: its `name` in its folder, and what must be in it: `sizeBytes` bytes with the SHA-256 `digest`.
package struct RuntimeFile: Hashable, Sendable {
  /// The longest name.
  static let maximumNameBytes = 64
  /// The largest file: 512 MiB.
  static let maximumBytes: UInt64 = 512 << 20

  package let name: String
  package let sizeBytes: UInt64
  package let digest: SHA256Digest
  /// Whether it is a program, not a library.
  package let isExecutable: Bool

  package init(name: String, sizeBytes: UInt64, digest: SHA256Digest, isExecutable: Bool) {
    self.name = name
    self.sizeBytes = sizeBytes
    self.digest = digest
    self.isExecutable = isExecutable
  }

  /// Whether a file may be called so: it stays in its folder, and is none of those that the device keeps there itself.
  package static func isName(_ name: String) -> Bool {
    (1...maximumNameBytes).contains(name.utf8.count) && !name.hasPrefix(".") && name != RuntimeManifest.fileName
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}

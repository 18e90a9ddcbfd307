/// The version of a device's runtime, as semantic versioning has it: `major`, `minor` and `patch`, without what may stand
/// behind the three numbers.
package struct RuntimeVersion: Hashable, Sendable, Comparable {
  package let major: UInt16
  package let minor: UInt16
  package let patch: UInt16

  /// Below that of every release: of a runtime that doesn't say what it is.
  package static let none = RuntimeVersion(major: 0, minor: 0, patch: 0)

  package init(major: UInt16, minor: UInt16, patch: UInt16) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Reads three numbers with points between them, each up to 65535 and without zeros before it.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      UInt16(part).flatMap { String($0) == part ? $0 : nil }
    }
    guard parts.count == 3, numbers.count == 3 else { return nil }
    self.init(major: numbers[0], minor: numbers[1], patch: numbers[2])
  }

  package static func < (left: RuntimeVersion, right: RuntimeVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

extension RuntimeVersion: CustomStringConvertible {
  package var description: String { "\(major).\(minor).\(patch)" }
}

import Foundations
package import TextFormats

/// A moment of a deployment, as the program measured it that was there: what was done by then (`name`, in kebab-case), and
/// how long after the first moment that the program knows of (`microseconds`).
package struct DeploymentMark: Sendable, Equatable {
  package var name: String
  package var microseconds: UInt64

  package init(_ name: String, _ microseconds: UInt64) {
    self.name = name
    self.microseconds = microseconds
  }

  package init(_ name: String, _ elapsed: Duration) {
    self.init(name, elapsed.wholeMicroseconds)
  }

  /// How many marks one program may give of one deployment.
  package static let maximumCount = 24
  /// About 35 years: what is above it is a mistake.
  package static let maximumMicroseconds: UInt64 = 1 << 50
  private static let maximumNameBytes = 32

  /// Whether it can be kept: a name in kebab-case, and a time that can be.
  package var isPlausible: Bool {
    microseconds <= Self.maximumMicroseconds && (1...Self.maximumNameBytes).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-")
      }
  }
}

extension [DeploymentMark] {
  /// Those that can be kept, and no more than there may be.
  package var plausible: [DeploymentMark] {
    [DeploymentMark](filter(\.isPlausible).prefix(DeploymentMark.maximumCount))
  }

  /// As they are stored: `[["received", 1200], …]`.
  package var json: JSONValue {
    .array(map { .array([.string($0.name), .integer(Int64(clamping: $0.microseconds))]) })
  }

  init(_ json: JSONValue?) {
    guard case .array(let entries) = json else {
      self = []
      return
    }
    self =
      entries.compactMap { entry in
        guard case .array(let parts) = entry, parts.count == 2, case .string(let name) = parts[0],
          case .integer(let microseconds) = parts[1]
        else { return nil }
        return DeploymentMark(name, UInt64(clamping: microseconds))
      }.plausible
  }
}

/// The SHA-256 of some bytes: what an image is stored and asked for under.
package struct SHA256Digest: Hashable, Sendable {
  /// Length of a digest.
  package static let byteCount = 32

  private let words: [4 of UInt64]

  /// Takes the bytes of a digest; nil unless there are exactly 32.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    let source = Array(bytes)
    words = [4 of UInt64] { word in
      (0..<8).reduce(0) { $0 << 8 | UInt64(source[word * 8 + $1]) }
    }
  }

  /// Reads 64 hexadecimal digits in either case, with or without `sha256:` before them.
  package init?(_ text: some StringProtocol) {
    let prefix = "sha256:"
    let digits = text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : text[...]
    guard let bytes = Hexadecimal.decode(digits) else { return nil }
    self.init(bytes: bytes)
  }

  /// Takes what a finished hash gave, which always has the right length.
  package init(finished bytes: [UInt8]) {
    guard let digest = SHA256Digest(bytes: bytes) else {
      preconditionFailure("a SHA-256 of \(bytes.count) bytes")
    }
    self = digest
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    for index in words.indices {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)))
      }
    }
    return bytes
  }

  /// The digest as 64 lower-case hexadecimal digits, without `sha256:`.
  package var hex: String { Hexadecimal.encode(bytes) }
}

extension SHA256Digest {
  package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
    left.words[0] == right.words[0] && left.words[1] == right.words[1] && left.words[2] == right.words[2]
      && left.words[3] == right.words[3]
  }

  package func hash(into hasher: inout Hasher) {
    // The first word of a digest spreads as well as all of it.
    hasher.combine(words[0])
  }
}

extension SHA256Digest: Comparable {
  /// Compares by bytes, which is also the order of the texts.
  package static func < (left: SHA256Digest, right: SHA256Digest) -> Bool {
    for index in left.words.indices where left.words[index] != right.words[index] {
      return left.words[index] < right.words[index]
    }
    return false
  }
}

extension SHA256Digest: CustomStringConvertible {
  package var description: String { "sha256:\(hex)" }
}

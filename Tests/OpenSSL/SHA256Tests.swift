import OpenSSL
import TestSupport
import Testing

/// Vectors of NIST's SHA-256 examples (CSRC "SHA256.pdf") and SHA256ShortMsg.rsp.
@Suite(.seated) struct SHA256Tests {
  static let vectors: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ([0xd3], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
  ]

  @Test(arguments: vectors)
  func knownAnswers(message: [UInt8], digest: String) throws {
    #expect(try hexadecimal(SHA256.digest(of: message)) == digest)
  }

  /// Apart from the others, because an argument is written into the log.
  @Test func aMillionTimesTheSameLetterHasTheKnownAnswer() throws {
    let digest = try SHA256.digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(hexadecimal(digest) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: [1, 3, 55, 56, 63, 64, 65, 119, 4096])
  func piecesOfAnySizeGiveTheSameDigest(pieceSize: Int) throws {
    let message = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var hash = try SHA256()
    var rest = message[...]
    while !rest.isEmpty {
      hash.update(rest.prefix(pieceSize))
      rest = rest.dropFirst(pieceSize)
    }
    #expect(try hash.finalize() == SHA256.digest(of: message))
  }

  @Test func collectionsWithoutContiguousStorageCount() throws {
    let message = Array("abc".utf8)
    #expect(
      try SHA256.digest(of: message.reversed().reversed() as ReversedCollection<ReversedCollection<[UInt8]>>)
        == SHA256.digest(of: message))
  }

  @Test func emptyPiecesChangeNothing() throws {
    var hash = try SHA256()
    hash.update([])
    hash.update(Array("abc".utf8))
    hash.update(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(try hash.finalize() == SHA256.digest(of: Array("abc".utf8)))
  }

  @Test func anAbandonedHashIsFreed() throws {
    // Each context is more than 200 bytes; the other tests of this process need some memory meanwhile.
    let before = residentBytes()
    for _ in 0..<1_000_000 {
      var hash = try SHA256()
      hash.update([1, 2, 3])
    }
    #expect(residentBytes() - before < 100_000_000)
  }
}

import FirmwareImage
import Foundations
import OpenSSL
import RootDocument
import TestSupport
import Testing

@Suite(.seated) struct RootDocumentTests {
  private let parties: SigningParties
  private let first: SignedRootDocument

  init() throws {
    parties = try SigningParties()
    first = try parties.signed(parties.root())
  }

  private func chain() throws -> RootDocumentChain {
    try RootDocumentChain(pinnedTo: first.pin(), first: first.encoded)
  }

  private func refusal(_ document: SignedRootDocument) throws -> String? {
    var chain = try chain()
    do throws(RootDocumentError) {
      try chain.append(document.encoded)
      return nil
    } catch { return error.reason }
  }

  @Test func aDocumentReadsAsItWasWritten() throws {
    let document = try RootDocument(
      version: 3, expires: UTCTime("2030-02-28T23:59:59Z")!, threshold: 1,
      rootKeys: [TrustedKey(parties.roots[0].publicKey())], directors: [TrustedKey(parties.director.publicKey())],
      publishers: [
        PublisherDelegation(
          key: TrustedKey(parties.publisher.publicKey()), apps: .named([AppLabel("sensor"), AppLabel("a\"b\\é")]))
      ])
    let signed = try parties.signed(document, by: [parties.roots[0]])
    let read = try SignedRootDocument(decoding: signed.encoded)
    #expect(read == signed)
    #expect(read.document == document)
  }

  @Test func onlyThePinnedDocumentBeginsAChain() throws {
    #expect(try chain().latest == first)
    let other = try parties.signed(parties.root(expires: UTCTime("2098-01-01T00:00:00Z")!))
    let error = #expect(throws: RootDocumentError.self) {
      try RootDocumentChain(pinnedTo: first.pin(), first: other.encoded)
    }
    #expect(error?.reason == "root-document-not-pinned")
    // A pin does not excuse a document that its own keys did not sign.
    let unsigned = try parties.signed(parties.root(), by: [parties.roots[0]])
    #expect(throws: RootDocumentError.belowThreshold(.own, signatures: 1, threshold: 2)) {
      try RootDocumentChain(pinnedTo: unsigned.pin(), first: unsigned.encoded)
    }
  }

  /// New root keys come in, old ones go, over two rotations: a device that slept catches up one by one.
  @Test func aChainGoesOnOverTwoRotations() throws {
    let added = try (0..<2).map { _ in try Ed25519.PrivateKey() }
    let second = try parties.signed(
      parties.root(version: 2, keys: [parties.roots[1], parties.roots[2], added[0]]), by: parties.roots + added)
    let third = try parties.signed(
      parties.root(version: 3, threshold: 1, keys: [added[0], added[1]]),
      by: [parties.roots[2], added[0], added[1]])
    var chain = try chain()
    #expect(throws: RootDocumentError.versionSkipped(version: 3, current: 1)) { try chain.append(third.encoded) }
    try chain.append(second.encoded)
    try chain.append(third.encoded)
    #expect(chain.latest == third)
  }

  @Test func whatIsNotTheNextIsRefused() throws {
    #expect(try refusal(parties.signed(parties.root(version: 1))) == "root-document-rolled-back")
    #expect(try refusal(parties.signed(parties.root(version: 3))) == "root-document-version-skipped")
    #expect(try refusal(parties.signed(parties.root(version: 2))) == nil)
  }

  @Test func tooFewSignaturesOfTheOldKeysAreRefused() throws {
    let thieves = try (0..<3).map { _ in try Ed25519.PrivateKey() }
    let forged = try parties.root(version: 2, keys: thieves)
    #expect(try refusal(parties.signed(forged, by: thieves)) == "root-document-below-threshold")
    #expect(try refusal(parties.signed(forged, by: thieves + [parties.roots[0]])) == "root-document-below-threshold")
    #expect(try refusal(parties.signed(forged, by: thieves + parties.roots.dropLast())) == nil)
  }

  @Test func tooFewSignaturesOfTheNewKeysAreRefused() throws {
    let added = try (0..<3).map { _ in try Ed25519.PrivateKey() }
    let next = try parties.root(version: 2, keys: added)
    #expect(try refusal(parties.signed(next, by: parties.roots + [added[0]])) == "root-document-below-threshold")
  }

  /// The same key's signature many times over, in the text itself.
  @Test func aKeyCountsOnceTowardTheThreshold() throws {
    let once = try parties.signed(parties.root(version: 2), by: [parties.roots[0]])
    let text = String(decoding: once.encoded, as: UTF8.self)
    let start = try #require(text.firstRange(of: "\"signatures\":["))
    let signature = text[start.upperBound...].dropLast(3)
    let tripled = String(text[..<start.upperBound]) + [signature, signature, signature].joined(separator: ",") + "]}"
    let document = try SignedRootDocument(decoding: Array(tripled.utf8))
    #expect(document.signatures.count == 3)
    #expect(try document.signers(among: parties.root().rootKeys).count == 1)
    #expect(try refusal(document) == "root-document-below-threshold")
    // And one key twice in the document itself.
    let key = parties.roots[0]
    #expect(throws: RootDocumentError.self) { try parties.root(keys: [key, key]) }
    #expect(throws: RootDocumentError.self) { try parties.root(keys: [key, parties.director]) }
  }

  @Test func eachChangedByteOfTheTextIsRefused() throws {
    let next = try parties.signed(parties.root(version: 2, threshold: 3), by: parties.roots)
    // With all three signatures needed, each of them counts too.
    let strict = try parties.signed(parties.root(threshold: 3))
    let start = try RootDocumentChain(pinnedTo: strict.pin(), first: strict.encoded)
    for offset in next.encoded.indices.dropLast() {
      var changed = next.encoded
      changed[offset] ^= 1
      var chain = start
      do throws(RootDocumentError) {
        try chain.append(changed)
        Issue.record("byte \(offset) may be changed")
      } catch {}
    }
  }

  @Test func anExpiredDocumentIsNotUsedButLeadsOn() throws {
    let now = UTCTime("2026-11-22T14:06:00Z")!
    let old = try parties.signed(parties.root(expires: now))
    var chain = try RootDocumentChain(pinnedTo: old.pin(), first: old.encoded)
    #expect(throws: RootDocumentError.expired(version: 1, at: now)) { try chain.document(at: now) }
    #expect(try chain.document(at: UTCTime("2026-11-22T14:05:59Z")!).version == 1)
    try chain.append(try parties.signed(parties.root(version: 2)).encoded)
    #expect(try chain.document(at: now).version == 2)
  }

  @Test func textsThatMeanTwoThingsAreRefused() throws {
    let good = String(String(decoding: first.encoded, as: UTF8.self).dropLast())
    let payload = String(try #require(good.split(separator: "\"").dropFirst(3).first))
    let unclosed = String(good.dropLast())
    let texts: [String] = [
      "", "{}", "[]", "null", unclosed, good + "x", "\u{FEFF}" + good, unclosed + ",\"more\":1}",
      unclosed + ",\"signed\":\"" + payload + "\"}", good.replacing(payload, with: payload + "="),
      good.replacing(payload, with: String(payload.dropLast())), good.replacing("\"keyID\"", with: "\"keyId\""),
      String(repeating: "[", count: 100_000), #"{"signed":"bnVsbA==","signatures":[]}"#,
      #"{"signed":"","signatures":[]}"#,
    ]
    for text in texts {
      #expect(throws: RootDocumentError.self, "\(text.prefix(60))") {
        try SignedRootDocument(decoding: Array(text.utf8))
      }
    }
    let tooLarge = [UInt8](repeating: 0x20, count: SignedRootDocument.maximumBytes + 1)
    #expect(throws: RootDocumentError.tooLarge(byteCount: tooLarge.count)) {
      try SignedRootDocument(decoding: tooLarge)
    }
  }

  @Test(arguments: [
    #"{"type":"root","version":0,"#, #"{"type":"root","version":01,"#, #"{"type":"root","version":1.0,"#,
    #"{"type":"root","version":-1,"#, #"{"type":"root","version":18446744073709551616,"#,
    #"{"type":"roots","version":1,"#, #"{"type":"root","version":"1","#, #"{"type":"root","type":"root","version":1,"#,
    #"{"type":"root","extra":1,"version":1,"#, #"{"type":"\uD800","version":1,"#,
  ])
  func payloadsThatAreNotExactlyRightAreRefused(start: String) throws {
    let whole = try #require(Self.payload(of: first))
    let changed = whole.replacing(#"{"type":"root","version":1,"#, with: start)
    #expect(changed != whole)
    #expect(throws: RootDocumentError.self) { try SignedRootDocument(decoding: Self.envelope(changed)) }
    #expect(try SignedRootDocument(decoding: Self.envelope(whole)).document == first.document)
  }

  @Test func boundsAreKept() throws {
    let keys = try (0..<17).map { _ in try Ed25519.PrivateKey() }
    #expect(throws: RootDocumentError.self) { try parties.root(keys: keys) }
    #expect(throws: RootDocumentError.self) { try parties.root(threshold: 0) }
    #expect(throws: RootDocumentError.self) { try parties.root(threshold: 4) }
    #expect(throws: RootDocumentError.self) { try parties.root(version: 0) }
    #expect(throws: RootDocumentError.self) { try parties.root(apps: .named([])) }
    #expect(throws: RootDocumentError.self) { try parties.root(apps: .named([.empty])) }
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600), ("9999-12-31T23:59:59Z", 253_402_300_799),
      ("2026-11-22T14:06:00Z", 1_795_356_360),
    ] as [(String, Int64)])
  func timesAreReadAndWritten(text: String, seconds: Int64) {
    #expect(UTCTime(text)?.secondsSince1970 == seconds)
    #expect(UTCTime(secondsSince1970: seconds).description == text)
  }

  @Test(arguments: [
    "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "1969-12-31T23:59:59Z",
    "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00+00:00", "2026-1-1T00:00:00Z",
  ])
  func timesThatThereAreNotAreRefused(text: String) {
    #expect(UTCTime(text) == nil)
  }

  private static func payload(of document: SignedRootDocument) -> String? {
    let parts = String(decoding: document.encoded, as: UTF8.self).split(separator: "\"")
    return decodedBase64(String(parts[3])).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func envelope(_ payload: String) -> [UInt8] {
    Array(#"{"signed":"\#(encodedBase64(Array(payload.utf8)))","signatures":[]}"#.utf8)
  }
}

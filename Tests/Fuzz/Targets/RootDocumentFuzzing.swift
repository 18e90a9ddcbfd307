import FirmwareImage
import Foundations
import OpenSSL
import RootDocument

/// What must hold of root documents, whatever the bytes. A broken promise ends the process.
///
/// The input's first byte says whether the rest is an envelope or a payload, and which of the known keys sign the
/// payload: so what lies behind the signatures is reached too.
package struct RootDocumentFuzzing {
  /// Two of the first three are needed; the fourth is in no document.
  private let keys: [Ed25519.PrivateKey]
  private let trusted: [TrustedKey]
  private let chain: RootDocumentChain

  /// Keys from fixed seeds, so that an input does the same in every run.
  package init() throws {
    let keys = try (1...8).map { try Ed25519.PrivateKey(rawRepresentation: [UInt8](repeating: $0, count: 32)) }
    let trusted = try keys.map { try TrustedKey($0.publicKey()) }
    let document = try RootDocument(
      version: 7, expires: UTCTime(secondsSince1970: 2_000_000_000), threshold: 2, rootKeys: Array(trusted[0..<3]),
      directors: [trusted[4]], publishers: [PublisherDelegation(key: trusted[5], apps: .any)])
    let signed = try SignedRootDocument(unsigned: document).signed(by: keys[0]).signed(by: keys[1])
    self.keys = keys
    self.trusted = trusted
    chain = try RootDocumentChain(pinnedTo: signed.pin(), first: signed.encoded)
  }

  package func run(_ input: [UInt8]) {
    var input = FuzzInput(input)
    let choice = input.byte()
    let content = input.rest()
    if choice & 0x80 != 0 {
      checkEnvelope(content)
    } else {
      checkPayload(content, signers: (0..<4).filter { choice & 1 << UInt8($0) != 0 }, isDoubled: choice & 0x10 != 0)
    }
  }

  /// Bytes from anywhere: they are refused, or are a document with one meaning.
  private func checkEnvelope(_ bytes: [UInt8]) {
    guard let signed = try? SignedRootDocument(decoding: bytes) else {
      var chain = chain
      require((try? chain.append(bytes)) == nil, "what can't be read was taken")
      return
    }
    checkDocument(signed)
    var chain = chain
    guard (try? chain.append(bytes)) != nil else { return }
    require((try? signed.signers(among: Array(trusted[0..<3])).count) ?? 0 >= 2, "too few of the old keys signed")
    requireSuccessor(chain)
  }

  /// A payload of any bytes, truly signed by some of the keys.
  private func checkPayload(_ payload: [UInt8], signers: [Int], isDoubled: Bool) {
    let message = Array("xtblish-root-v1\0".utf8) + payload
    var signatures: [String] = []
    for index in isDoubled ? signers + signers : signers {
      guard let signature = try? keys[index].signature(for: message) else { return }
      signatures.append(#"{"keyID":"\#(trusted[index].id)","signature":"\#(Hexadecimal.encode(signature))"}"#)
    }
    let envelope = #"{"signed":"\#(base64(payload))","signatures":[\#(signatures.joined(separator: ","))]}"#
    guard let signed = try? SignedRootDocument(decoding: Array(envelope.utf8)) else { return }
    checkDocument(signed)
    let expected = Set(signers.map { trusted[$0] })
    require((try? signed.signers(among: trusted)) == expected, "not exactly those who signed are counted")
    var chain = chain
    let isTaken = (try? chain.append(Array(envelope.utf8))) != nil
    let document = signed.document
    let isRight =
      document.version == 8 && expected.intersection(trusted[0..<3]).count >= 2
      && expected.intersection(document.rootKeys).count >= document.threshold
    require(isTaken == isRight, "a successor is taken exactly if it is one more and enough signed it")
    if isTaken { requireSuccessor(chain) }
  }

  private func requireSuccessor(_ chain: RootDocumentChain) {
    require(chain.latest.document.version == 8, "not the next version became the latest")
    let isFresh = (try? chain.document(at: UTCTime(secondsSince1970: 1_900_000_000))) != nil
    require(
      isFresh == (chain.latest.document.expires.secondsSince1970 > 1_900_000_000), "expired and fresh are confused")
  }

  private func checkDocument(_ signed: SignedRootDocument) {
    let document = signed.document
    require((1...document.rootKeys.count).contains(document.threshold), "the threshold can't be reached")
    require(UTCTime(document.expires.description) == document.expires, "a time has two texts")
    guard let again = try? SignedRootDocument(decoding: SignedRootDocument(unsigned: document).encoded) else {
      fatalError("a document can't be read that was written here")
    }
    require(again.document == document, "a document that was written and read differs")
  }

  private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = group.reduce(0) { $0 << 8 | Int($1) }
      bits <<= 8 * (3 - group.count)
      for digit in 0..<4 {
        text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : "=")
      }
    }
    return text
  }

  /// Not `precondition`: this must hold in every build.
  private func require(_ condition: Bool, _ promise: String) {
    if !condition { fatalError(promise) }
  }
}

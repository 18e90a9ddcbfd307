import FirmwareImage
import Foundations

extension RootDocument {
  private static let type = "root"
  private static let anyApp = "*"

  /// Reads the signed payload. Nothing is passed over: whoever signs an unknown member means something by it.
  init(decoding bytes: [UInt8]) throws(RootDocumentError) {
    var payload = try StrictObject(StrictJSON(decoding: bytes), "the document")
    guard try payload.text("type") == Self.type else { throw .malformed("its type is not \"\(Self.type)\"") }
    let version = try payload.number("version", Self.versionRange)
    guard let expires = UTCTime(try payload.text("expires")) else {
      throw .malformed("expires is not a time like 2026-11-22T14:06:00Z")
    }
    let threshold = try payload.number("threshold", 1...UInt64(Self.maximumRootKeys))
    let rootKeys = try Self.keys(payload.array("rootKeys", count: 1...Self.maximumRootKeys), "a root key")
    let directors = try Self.keys(payload.array("directors", count: 1...Self.maximumDirectors), "a director")
    var publishers: [PublisherDelegation] = []
    for element in try payload.array("publishers", count: 0...Self.maximumPublishers) {
      var publisher = try StrictObject(element, "a publisher")
      let key = try Self.key(&publisher)
      let apps = try Self.apps(publisher.array("apps", count: 1...PublisherDelegation.maximumApps))
      try publisher.finish()
      publishers.append(PublisherDelegation(key: key, apps: apps))
    }
    try payload.finish()
    try self.init(
      version: version, expires: expires, threshold: Int(threshold), rootKeys: rootKeys, directors: directors,
      publishers: publishers)
  }

  /// The payload: what root keys sign.
  func encoded() -> [UInt8] {
    func members(_ key: TrustedKey) -> String {
      #""keyID":"\#(key.id)","publicKey":"\#(Hexadecimal.encode(key.bytes))""#
    }
    func list(_ keys: [TrustedKey]) -> String { keys.map { "{\(members($0))}" }.joined(separator: ",") }
    let publishers = publishers.map { publisher in
      let apps =
        switch publisher.apps {
        case .any: [Self.anyApp]
        case .named(let names): names.map(\.text).sorted()
        }
      return "{\(members(publisher.key)),\"apps\":[\(apps.map(StrictJSON.quoted).joined(separator: ","))]}"
    }
    let text =
      #"{"type":"\#(Self.type)","version":\#(version),"expires":"\#(expires)","threshold":\#(threshold),"#
      + #""rootKeys":[\#(list(rootKeys))],"directors":[\#(list(directors))],"#
      + #""publishers":[\#(publishers.joined(separator: ","))]}"#
    return Array(text.utf8)
  }

  private static func keys(_ elements: [StrictJSON], _ what: String) throws(RootDocumentError) -> [TrustedKey] {
    var keys: [TrustedKey] = []
    for element in elements {
      var object = try StrictObject(element, what)
      keys.append(try key(&object))
      try object.finish()
    }
    return keys
  }

  private static func key(_ object: inout StrictObject) throws(RootDocumentError) -> TrustedKey {
    let id = try object.hexadecimal("keyID", byteCount: KeyID.byteCount)
    let bytes = try object.hexadecimal("publicKey", byteCount: 32)
    let key: TrustedKey
    do throws(ImageFormatError) { key = try TrustedKey(bytes: bytes) } catch { throw RootDocumentError(error) }
    guard key.id.bytes == id else {
      throw .malformed("the key \(Hexadecimal.encode(bytes)) has the ID \(key.id), not \(Hexadecimal.encode(id))")
    }
    return key
  }

  private static func apps(_ elements: [StrictJSON]) throws(RootDocumentError) -> PublisherDelegation.Apps {
    var names: Set<AppLabel> = []
    for element in elements {
      guard case .text(let text) = element else { throw .malformed("an app is not named by a text") }
      if text == anyApp {
        guard elements.count == 1 else { throw .malformed("\"*\" stands beside names of apps") }
        return .any
      }
      let name: AppLabel
      do throws(ImageFormatError) { name = try AppLabel(text) } catch { throw RootDocumentError(error) }
      guard names.insert(name).inserted else { throw .malformed("an app is named twice") }
    }
    return .named(names)
  }
}

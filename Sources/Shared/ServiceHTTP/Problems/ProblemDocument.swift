import Foundation
package import HTTPTypes
import TextFormats

/// A machine-readable error answer (RFC 9457), sent as `application/problem+json`. `status` is the answer's status
/// too.
package struct ProblemDocument: Sendable, Equatable {
  package var status: HTTPResponse.Status
  /// A stable word in kebab-case, for programs: `unknown-device`. Empty when the status says it all.
  package var reason: String
  /// What kind of problem it is, in the same words for all problems of one reason or status.
  package var title: String
  /// What is wrong this time and what to do.
  package var detail: String
  /// Names this one occurrence, in the answer and in the log; set by the server.
  package var instance: String
  /// Further members of the JSON object, by name. Names that the standard gives a meaning are left out.
  package var members: [String: Member]

  /// The value of a further member.
  package enum Member: Sendable, Equatable {
    case text(String)
    case number(Int)
    case bool(Bool)
    case texts([String])
  }

  /// The media type of problem documents.
  package static let contentType = "application/problem+json"

  package init(
    _ status: HTTPResponse.Status, reason: String = "", title: String? = nil, detail: String,
    members: [String: Member] = [:]
  ) {
    self.status = status
    self.reason = reason
    self.title = title ?? (status.reasonPhrase.isEmpty ? "Error \(status.code)" : status.reasonPhrase)
    self.detail = detail
    instance = ""
    self.members = members
  }

  /// The document as JSON, with its keys in order.
  package func encoded() -> [UInt8] {
    // Texts and numbers always encode.
    (try? JSONCoding.encoder().encode(self)).map(Array.init) ?? Array("{\"status\":\(status.code)}".utf8)
  }
}

extension ProblemDocument: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    // First, so that no further member can stand in for one that the standard names.
    for (name, value) in members where !["type", "title", "status", "detail", "instance", "reason"].contains(name) {
      switch value {
      case .text(let text): try container.encode(text, forKey: Key(name))
      case .number(let number): try container.encode(number, forKey: Key(name))
      case .bool(let bool): try container.encode(bool, forKey: Key(name))
      case .texts(let texts): try container.encode(texts, forKey: Key(name))
      }
    }
    // RFC 9457, 4.2.1: with about:blank the title is the status's own words.
    try container.encode(reason.isEmpty ? "about:blank" : "urn:xtblish:problem:\(reason)", forKey: Key("type"))
    try container.encode(title, forKey: Key("title"))
    try container.encode(status.code, forKey: Key("status"))
    try container.encode(detail, forKey: Key("detail"))
    if !instance.isEmpty { try container.encode(instance, forKey: Key("instance")) }
    if !reason.isEmpty { try container.encode(reason, forKey: Key("reason")) }
  }
}

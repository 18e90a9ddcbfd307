import FoundationEssentials
import ServiceKit
import TextFormats

// Tables for people.

extension TokenDocument {
  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ tokens: [TokenDocument], columns: Int? = nil) -> String {
    var table = Table([
      ("NAME", .cut), ("SCOPES", .cut), ("STATE", .always), ("EXPIRES", .always), ("LAST USED", .always),
      ("CREATED", .spare(2)), ("BY", .spare(1)),
    ])
    let time = { (text: String) in columns == nil ? text : ago(text) }
    for token in tokens {
      table.add([
        token.name, token.scopes.joined(separator: ", "), token.state, token.expiresAt.map(time) ?? "never",
        ago(token.lastUsedAt), time(token.createdAt), token.createdBy,
      ])
    }
    return table.text(columns: columns)
  }

  private var state: String {
    if revokedAt != nil { return "revoked" }
    // ISO 8601 in UTC sorts as it dates.
    return expiresAt.map { $0 <= JSONCoding.text(of: .now) } ?? false ? "expired" : "good"
  }
}

extension AuditDocument {
  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ entries: [AuditDocument], columns: Int? = nil) -> String {
    var table = Table(
      [
        ("ID", .spare(2)), ("TIME", .always), ("PRINCIPAL", .cut), ("ACTION", .always), ("TARGET", .cut),
        ("OUTCOME", .always), ("SOURCE", .spare(1)), ("DETAIL", .spare(3)),
      ], rightAligned: [0])
    for entry in entries {
      table.add([
        "\(entry.id)", columns == nil ? entry.at : shortTime(entry.at), entry.who, entry.action,
        columns == nil ? entry.target : entry.shortTarget,
        entry.outcome, entry.source, entry.detail.text,
      ])
    }
    return table.text(columns: columns)
  }

  /// The target as short as still names it: a device by the beginning of its ID, an image by that of its digest. A
  /// cell that is cut to fit might lose what matters.
  private var shortTarget: String {
    let parts = target.split(separator: ":", maxSplits: 1)
    switch parts.first {
    case "device": return "device:" + shortID(String(parts.last ?? ""))
    case "image": return "image:" + shortDigest(String(parts.last ?? ""))
    default: return target
    }
  }

  /// Who it was, with who stands in between, or who only says so.
  private var who: String {
    if let via { return "\(via) for \(principal)" }
    if let claimed { return "\(principal) says \(claimed)" }
    return principal
  }

  /// The entry in one line, for a stream of entries, which has no widths to align to.
  package var line: String {
    let fields = [at, who, action, target.isEmpty ? "-" : target, source, outcome, detail.text]
    return fields.joined(separator: "  ")
  }

  /// The entry as JSON in one line, for programs.
  package var jsonLine: String {
    var fields: [String: JSONValue] = [
      "id": .integer(Int64(clamping: id)), "at": .string(at), "principal": .string(principal),
      "action": .string(action), "target": .string(target), "source": .string(source), "outcome": .string(outcome),
      "detail": detail,
    ]
    if let via { fields["via"] = .string(via) }
    if let claimed { fields["claimed"] = .string(claimed) }
    return JSONValue.object(fields).text
  }
}

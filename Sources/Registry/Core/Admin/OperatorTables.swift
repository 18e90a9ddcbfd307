import FoundationEssentials
import ServiceKit

// Tables for people.

extension TokenDocument {
  package static func table(_ tokens: [TokenDocument]) -> String {
    var table = Table(["NAME", "SCOPES", "STATE", "EXPIRES", "LAST USED", "CREATED", "BY"])
    for token in tokens {
      table.add([
        token.name, token.scopes.joined(separator: ", "), token.state, token.expiresAt ?? "never",
        ago(token.lastUsedAt), token.createdAt, token.createdBy,
      ])
    }
    return table.text
  }

  private var state: String {
    if revokedAt != nil { return "revoked" }
    // ISO 8601 in UTC sorts as it dates.
    return expiresAt.map { $0 <= JSONCoding.text(of: .now) } ?? false ? "expired" : "good"
  }
}

extension AuditDocument {
  package static func table(_ entries: [AuditDocument]) -> String {
    var table = Table(
      ["ID", "TIME", "PRINCIPAL", "ACTION", "TARGET", "SOURCE", "OUTCOME", "DETAIL"], rightAligned: [0])
    for entry in entries {
      table.add([
        "\(entry.id)", entry.at, entry.who, entry.action, entry.target, entry.source, entry.outcome,
        entry.detail.text,
      ])
    }
    return table.text
  }

  /// Who it was, with who stands in between, or who only says so.
  private var who: String {
    if let via { return "\(via) for \(principal)" }
    if let claimed { return "\(principal) says \(claimed)" }
    return principal
  }

  /// For a stream of entries, which has no widths to align to.
  package var line: String {
    let fields = [at, who, action, target.isEmpty ? "-" : target, source, outcome, detail.text]
    return fields.joined(separator: "  ")
  }

  /// For programs that read a line at a time.
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

/// Something that a person names by its ID, or by a beginning of the ID that no other has.
package struct IDReference {
  private let text: String
  private let kind: String

  /// A whole ID has more digits: it need not be looked for.
  private static let longestBeginning = 31
  private static let shownCandidates = 10

  /// - Parameter kind: what has the ID, for messages: `claim`.
  package init(_ text: String, _ kind: String) {
    self.text = text
    self.kind = kind
  }

  /// The whole ID.
  ///
  /// - Parameter ids: all that there are; asked for only if the text is no whole ID.
  package func resolve(among ids: () async throws -> [String]) async throws -> String {
    guard (1...Self.longestBeginning).contains(text.utf8.count) else { return text }
    let found = try await ids().filter { $0.hasPrefix(text.lowercased()) }
    guard let only = found.first else {
      throw AdminError("no \(kind)'s ID begins with \(text): list them to see their IDs", status: .data)
    }
    guard found.count == 1 else {
      let names = found.prefix(Self.shownCandidates).map { "  \($0)" }.joined(separator: "\n")
      throw AdminError("\(text) is the beginning of several \(kind)s' IDs: give more of it\n\(names)", status: .data)
    }
    return only
  }
}

import Wire

/// The form of the bus's key files: a line `field = value` for each field. Lines that begin with `#` are for people.
struct KeyFields {
  private let values: [String: String]

  /// - Parameters:
  ///   - fields: each of which must be there, once, and no other.
  ///   - source: the file, for what is said of it. Values are never said: one may be secret.
  init(_ text: String, fields: [String], source: String) throws(KeyFileError) {
    var values: [String: String] = [:]
    // By bytes: CR LF is one character to Swift, and no "\n".
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = Self.trimmed(Substring(line))
      // The alphabet of keys has # and =, but no key begins a line and none has a space.
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let equals = line.firstIndex(of: "=") else {
        throw KeyFileError("line \(index + 1) of \(source) is not \"field = value\"")
      }
      let name = String(Self.trimmed(line[..<equals]))
      guard fields.contains(name), values[name] == nil else {
        throw KeyFileError(
          "line \(index + 1) of \(source) has no field that belongs there: once each, \(fields.joined(separator: ", "))"
        )
      }
      values[name] = String(Self.trimmed(line[line.index(after: equals)...]))
    }
    for field in fields where values[field] == nil { throw KeyFileError("\(source) has no line \"\(field) = …\"") }
    self.values = values
  }

  /// The value of one of the fields.
  subscript(field: String) -> String { values[field] ?? "" }

  func peer(source: String) throws(KeyFileError) -> BusPeer {
    guard let role = BusRole(rawValue: self["role"]) else {
      throw KeyFileError(
        "the role in \(source) is none of \(BusRole.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard BusPeer.isName(self["name"]) else {
      throw KeyFileError("the name in \(source) must be 1 to 64 letters, digits, dots, hyphens and underscores")
    }
    return BusPeer(role, self["name"])
  }

  private static func trimmed(_ text: Substring) -> Substring {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character == "\r" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }
}

extension SettingType where Value == ListenAddress {
  /// Where an HTTP server listens; port 0 takes a free one.
  package static var listenAddress: Self {
    Self(expected: "an address and a port such as 127.0.0.1:7101, [::1]:7101 or 0.0.0.0:7101") { ListenAddress($0) }
  }
}

extension SettingType where Value == String {
  /// An absolute URL with one of `schemes`, returned as it was written.
  package static func url(_ schemes: [String]) -> Self {
    Self(expected: "a URL such as \(schemes[0])://host:port/") { isURL($0, schemes) ? $0 : nil }
  }

  /// Where a server of the bus listens, for example `tcp://127.0.0.1:7102` or `ipc:///run/agent.ipc`.
  package static var endpoint: Self {
    Self(expected: "an endpoint such as tcp://127.0.0.1:7102 or ipc:///path") { isEndpoint($0) ? $0 : nil }
  }

  /// A host name or an IP address, without a port.
  package static var host: Self {
    Self(expected: "a host name or an IP address") { isHost($0[...]) ? $0 : nil }
  }
}

extension SettingType where Value == [String] {
  /// URLs separated by commas, at least one.
  package static func urls(_ schemes: [String]) -> Self {
    Self(expected: "URLs such as \(schemes[0])://host:port, separated by commas") { text in
      list(text) { isURL($0, schemes) }
    }
  }

  /// Endpoints of the bus separated by commas, at least one.
  package static var endpoints: Self {
    Self(expected: "endpoints such as tcp://host:7102, separated by commas") { list($0, isEndpoint) }
  }
}

extension SettingType where Value == [String] {
  /// Host names or IP addresses separated by commas, at least one.
  package static var hosts: Self {
    Self(expected: "hosts such as images.example.org, separated by commas") { text in list(text) { isHost($0[...]) } }
  }
}

extension SettingType where Value == Int {
  /// A TCP port to connect to.
  package static var port: Self { integer(1...65_535) }
}

private func list(_ text: String, _ isValid: (String) -> Bool) -> [String]? {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
  return parts.allSatisfy(isValid) ? parts : nil
}

private func isURL(_ text: String, _ schemes: [String]) -> Bool {
  guard let scheme = schemes.first(where: { text.lowercased().hasPrefix("\($0)://") }),
    text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
  else { return false }
  let authority = text.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
  // PostgreSQL takes an empty authority for its local socket, and several hosts.
  if scheme.hasPrefix("postgres") { return true }
  let hostAndPort = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
  return isHostAndOptionalPort(hostAndPort)
}

private func isEndpoint(_ text: String) -> Bool {
  if text.hasPrefix("ipc://") { return text.utf8.count > 6 && !text.contains(" ") }
  guard text.hasPrefix("tcp://") else { return false }
  let rest = text.dropFirst(6)
  guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]) else { return false }
  // Port 0 and a star are for listening: a free port, every interface.
  return (rest[..<colon] == "*" || isHost(rest[..<colon])) && port <= 65_535
}

private func isHostAndOptionalPort(_ text: Substring) -> Bool {
  if text.hasSuffix("]") { return isHost(text) }
  guard let colon = text.lastIndex(of: ":") else { return isHost(text) }
  return isHost(text[..<colon]) && UInt16(text[text.index(after: colon)...]) != nil
}

/// Whether `text` looks like a host name, an IPv4 address or an IPv6 address in brackets.
func isHost(_ text: Substring) -> Bool {
  guard !text.isEmpty, text.utf8.count <= 255 else { return false }
  if text.first == "[" {
    return text.last == "]" && text.contains(":")
      && text.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
  }
  return text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

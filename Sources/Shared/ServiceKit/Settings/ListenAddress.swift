/// Where a TCP server listens, or is reached.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host name or an IP address, an IPv6 one without its brackets.
  package let host: String
  /// The port; 0 takes a free one.
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// - Parameter text: `127.0.0.1:7101`, `[::1]:7101` or `localhost:0`. Nil for anything else.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
      isHost(text[..<colon])
    else { return nil }
    let host = text[..<colon]
    self.init(host: String(host.first == "[" ? host.dropFirst().dropLast() : host), port: Int(port))
  }

  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

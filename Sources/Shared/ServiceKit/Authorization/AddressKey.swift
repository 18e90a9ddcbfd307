/// What counts as one address where clients are told apart by theirs.
///
/// Whoever has one IPv6 address has all those of its first 64 bits. A socket of both kinds writes an IPv4 address as
/// `::ffff:192.0.2.1`.
package enum AddressKey {
  /// Of an address as a socket writes it.
  package static func of(_ source: String) -> String {
    guard source.contains(":") else { return source }
    if source.contains("."), let colon = source.lastIndex(of: ":") { return String(source[colon...].dropFirst()) }
    let head = source.split(separator: "%")[0].components(ofIPv6: 4)
    return head.joined(separator: ":")
  }
}

extension Substring {
  /// The first groups of an IPv6 address as it is written, with those that `::` stands for.
  fileprivate func components(ofIPv6 count: Int) -> [Substring] {
    let groups = split(separator: ":", omittingEmptySubsequences: false)
    guard let gap = groups.firstIndex(where: \.isEmpty) else { return Array(groups.prefix(count)) }
    let zeros = Array(repeating: Substring("0"), count: Swift.max(0, count - gap))
    return Array((groups[..<gap] + zeros).prefix(count))
  }
}

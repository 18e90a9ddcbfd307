import HTTPTypes
import NIOCore
import NIOHTTP1

/// Looks at the head of each request as it was sent, before anything else does: what two readers could understand in two
/// ways, and what this server does not speak, is refused by name. Stands between the parser and the conversion after
/// it, which no longer knows the version and drops a second `Host`.
final class RequestHeadCheck: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  /// After the first bad head nobody knows where the next request begins.
  private var isRefused = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    guard case .head(var head) = unwrapInboundIn(data) else {
      context.fireChannelRead(data)
      return
    }
    do throws(ProblemError) {
      try Self.check(head)
    } catch {
      isRefused = true
      context.fireErrorCaught(error)
      return
    }
    guard head.version == .http1_0 else {
      context.fireChannelRead(data)
      return
    }
    // One request a connection, as HTTP/1.0 has it.
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  static func check(_ head: HTTPRequestHead) throws(ProblemError) {
    try checkText(head.headers)
    try checkHost(head)
    try checkTarget(head)
    try checkLength(head)
    try checkCodings(head)
  }

  /// Bytes that are not UTF-8 have become U+FFFD on the way here. Nobody may guess what they stood for.
  private static func checkText(_ headers: HTTPHeaders) throws(ProblemError) {
    for (name, value) in headers
    where !value.utf8.allSatisfy({ $0 < 0x80 }) && value.unicodeScalars.contains("\u{FFFD}") {
      throw ProblemError(
        .badRequest, reason: "invalid-header",
        detail: "the header \(name) is not UTF-8, or holds U+FFFD, which stands for what was not; "
          + "send its value in UTF-8, not in Latin-1",
        members: ["header": .text(name)])
    }
  }

  /// RFC 9112, section 3.2.
  private static func checkHost(_ head: HTTPRequestHead) throws(ProblemError) {
    let hosts = head.headers["Host"]
    if hosts.isEmpty, head.version == .http1_0 { return }
    guard hosts.count == 1 else {
      throw ProblemError(
        .badRequest, reason: "invalid-host",
        detail: "the header Host must be there exactly once, but it is there \(hosts.count) times")
    }
    guard isAuthority(hosts[0]) else {
      throw ProblemError(
        .badRequest, reason: "invalid-host",
        detail: "the header Host must be a host's name or address, and maybe a port")
    }
  }

  /// A path, a star, an authority for CONNECT, or the absolute form that proxies are sent.
  private static func checkTarget(_ head: HTTPRequestHead) throws(ProblemError) {
    guard head.method != .CONNECT, let first = head.uri.utf8.first, first != UInt8(ascii: "/"), head.uri != "*" else {
      return
    }
    let scheme = head.uri.prefix { $0 != ":" }
    let rest = head.uri.dropFirst(scheme.count)
    let authority = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" }
    guard ["http", "https"].contains(scheme.lowercased()), rest.hasPrefix("://"), isAuthority(authority) else {
      throw ProblemError(
        .badRequest, reason: "invalid-target",
        detail: "the request's target must be a path that starts with a slash, or a whole http or https URL")
    }
  }

  private static func checkLength(_ head: HTTPRequestHead) throws(ProblemError) {
    let lengths = head.headers["Content-Length"]
    guard !lengths.isEmpty else { return }
    guard lengths.count == 1, !lengths[0].isEmpty,
      lengths[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else {
      throw ProblemError(
        .badRequest, reason: "invalid-length",
        detail: "the header Content-Length must be there once at most, as a number in decimal digits")
    }
    guard Int(lengths[0]) != nil else {
      throw ProblemError(
        .contentTooLarge, reason: "body-too-large", detail: "no body of so many bytes is taken anywhere; send less")
    }
  }

  /// RFC 9112, section 6.1.
  private static func checkCodings(_ head: HTTPRequestHead) throws(ProblemError) {
    let fields = head.headers["Transfer-Encoding"]
    guard !fields.isEmpty else { return }
    guard head.version != .http1_0, head.headers["Content-Length"].isEmpty else {
      throw ProblemError(
        .badRequest, reason: "invalid-transfer-encoding",
        detail: "Transfer-Encoding goes neither with Content-Length nor with HTTP/1.0; leave one of them out")
    }
    let codings = fields.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    if let unknown = codings.first(where: { $0 != "chunked" }) {
      throw ProblemError(
        .notImplemented, reason: "unknown-transfer-coding",
        detail:
          "the transfer coding '\(unknown)' is not spoken here; send the body as it is, chunked or with its length")
    }
    guard codings.count == 1 else {
      throw ProblemError(
        .badRequest, reason: "invalid-transfer-encoding", detail: "a body is chunked once; say it once")
    }
  }

  /// `host`, `host:port`, `[v6]:port` of RFC 3986, section 3.2, without user information, which no client sends.
  private static func isAuthority(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...512).contains(bytes.count) else { return false }
    var host = bytes[...]
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !bytes[colon...].contains(UInt8(ascii: "]")) {
      guard bytes[(colon + 1)...].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return false
      }
      host = bytes[..<colon]
    }
    guard let first = host.first, let last = host.last else { return false }
    if first == UInt8(ascii: "[") {
      return last == UInt8(ascii: "]") && host.count > 2
        && host.dropFirst().dropLast().allSatisfy { isHostByte($0) || $0 == UInt8(ascii: ":") }
    }
    return host.allSatisfy(isHostByte)
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~!$&'()*+,;=%".utf8.contains(byte)
    }
  }
}

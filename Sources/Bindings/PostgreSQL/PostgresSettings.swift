import CPostgreSQL
import Synchronization

/// Where the server is and as whom to connect, read from a `postgresql://` URL or libpq's
/// `key=value` form. What the URL leaves out comes from libpq's environment (PGHOST, PGPASSFILE …).
struct PostgresSettings: Sendable {
  private(set) var keywords: [String: String]
  /// Which of several hosts is tried first: the one that was right last.
  private let preference = HostPreference()

  /// Reads a URL. The errors never quote it, since it may hold a password.
  init(url: String, applicationName: String) throws(PostgresError) {
    keywords = try Self.parse(url)
    try Self.checkNoPasswordStrayed(into: keywords)
    keywords["client_encoding"] = "UTF8"
    keywords["fallback_application_name"] = applicationName
    // A server that vanished without a word (power, network) is noticed in 10 to 25 seconds.
    let keepAlive = [
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
      "tcp_user_timeout": "15000",
    ]
    keywords.merge(keepAlive) { given, _ in given }
  }

  /// The settings for each of several hosts, that of the last success first.
  var candidates: [(number: Int, settings: PostgresSettings)] {
    let hosts = parts("host"), addresses = parts("hostaddr"), ports = parts("port")
    let count = max(hosts.count, addresses.count)
    guard count > 1 else { return [(0, self)] }
    let candidates = (0..<count).map { number in
      var one = self
      for (keyword, list) in [("host", hosts), ("hostaddr", addresses), ("port", ports)] where !list.isEmpty {
        // One port is that of all hosts.
        one.keywords[keyword] = list.count == 1 ? list[0] : number < list.count ? list[number] : nil
      }
      return (number, one)
    }
    let first = preference.number.load(ordering: .relaxed) % count
    return Array(candidates[first...] + candidates[..<first])
  }

  /// Remembers which of several hosts is to be tried first from now on.
  func prefer(_ number: Int) {
    preference.number.store(number, ordering: .relaxed)
  }

  private func parts(_ keyword: String) -> [String] {
    keywords[keyword].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
  }

  private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
    guard !url.isEmpty, !url.utf8.contains(0) else {
      throw PostgresError(
        .configuration, "the database URL is empty or contains U+0000: give postgresql://USER@HOST:PORT/DATABASE")
    }
    var complaint: UnsafeMutablePointer<CChar>? = nil
    // The complaint quotes the URL, so it is not read.
    let options = unsafe PQconninfoParse(url, &complaint)
    unsafe PQfreemem(complaint)
    guard let options = unsafe options else {
      throw PostgresError(
        .configuration,
        "the database URL can't be read: give postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
          + "with special characters of the password percent-encoded")
    }
    defer { unsafe PQconninfoFree(options) }
    var keywords: [String: String] = [:]
    var option = unsafe options
    while let keyword = unsafe option.pointee.keyword {
      if let value = unsafe option.pointee.val {
        unsafe keywords[String(cString: keyword)] = String(cString: value)
      }
      unsafe option += 1
    }
    return keywords
  }

  /// A password with a bare `@`, `/` or `:` spills into host, port or database name, which libpq
  /// quotes in its messages.
  private static func checkNoPasswordStrayed(into keywords: [String: String]) throws(PostgresError) {
    let portIsNumeric = (keywords["port"] ?? "").utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ",")
    }
    let strayed = ["host", "dbname", "user"].contains { (keywords[$0] ?? "").contains("@") }
    guard portIsNumeric, !strayed else {
      throw PostgresError(
        .configuration,
        "the database URL has a port that is no number, or an @ in host, user or database name: "
          + "percent-encode special characters of the password (@ is %40, / is %2F, : is %3A)")
    }
  }
}

extension PostgresSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Without the password, for logs.
  var description: String {
    "\(keywords["user"] ?? "")@\(keywords["host"] ?? ""):\(keywords["port"] ?? "")/\(keywords["dbname"] ?? "")"
  }

  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: ["target": description]) }
}

/// The place of a host among several.
private final class HostPreference: Sendable {
  let number = Atomic(0)
}

extension HTTPClient {
  /// One line of a request's or a response's head. Names compare without regard to case. `name` is a token of RFC
  /// 9110 and `value` holds no line breaks; a request with any other is refused before it is sent.
  package struct Header: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What is asked of a server: its `method` and URL, the `headers` and the `body` to send, and the limits of the
  /// transfer. ``HTTPClient`` sets the headers of transport itself, `Host` and the body's length among them.
  package struct Request: Sendable {
    /// What is sent behind the head.
    package enum Body: Sendable {
      case none
      case bytes([UInt8])
      /// The whole file, read while it is sent.
      case file(path: String)
    }

    /// `GET`, `POST` or any other token; sent as it is written.
    package var method: String
    /// The whole URL, with scheme and host; only `http://` and `https://` are taken.
    package var url: String
    package var headers: [Header]
    package var body: Body
    /// The times after which the transfer is given up.
    package var timeouts: Timeouts
    /// How many redirects are followed. With 0 a redirect is given back as the response that it is.
    package var maximumRedirects: Int
    /// The largest body that is held in memory. A longer one ends the transfer with
    /// ``CurlError/Code/responseTooLarge``.
    package var maximumResponseBytes: Int
    /// Told how far the transfer is: on the client's own thread, at most ten times a second and once at the end, so
    /// it must return soon.
    package var onProgress: (@Sendable (Progress) -> Void)?

    package init(
      _ method: String = "GET", _ url: String, headers: [Header] = [], body: Body = .none,
      timeouts: Timeouts = .standard, maximumRedirects: Int = 0,
      maximumResponseBytes: Int = 4 * 1024 * 1024,
      onProgress: (@Sendable (Progress) -> Void)? = nil
    ) {
      self.method = method
      self.url = url
      self.headers = headers
      self.body = body
      self.timeouts = timeouts
      self.maximumRedirects = maximumRedirects
      self.maximumResponseBytes = maximumResponseBytes
      self.onProgress = onProgress
    }
  }

  /// The limits of time of one transfer. Beyond any of them it fails with ``CurlError/Code/timedOut``.
  package struct Timeouts: Sendable, Equatable {
    /// The time for the name look-up, the connection and the TLS handshake together.
    package var connect: Duration
    /// A transfer slower than `lowSpeedBytesPerSecond` for this long is given up. Whole seconds,
    /// rounded up; zero switches the check off.
    package var lowSpeed: Duration
    /// The least speed that counts as progress, as an average over `lowSpeed`.
    package var lowSpeedBytesPerSecond: Int
    /// The time for everything; nil: no limit.
    package var total: Duration?

    package init(
      connect: Duration = .seconds(10), lowSpeed: Duration = .seconds(30), lowSpeedBytesPerSecond: Int = 1,
      total: Duration? = nil
    ) {
      self.connect = connect
      self.lowSpeed = lowSpeed
      self.lowSpeedBytesPerSecond = lowSpeedBytesPerSecond
      self.total = total
    }

    /// 10 s for the connection, at least 1 byte per second over 30 s, no limit on the whole.
    package static let standard = Timeouts()
  }

  /// How far a transfer is. `sentBytes` and `receivedBytes` count bodies, not heads.
  package struct Progress: Sendable, Equatable {
    package var sentBytes: Int64
    /// Length of the request's body; 0 if unknown.
    package var totalToSendBytes: Int64
    package var receivedBytes: Int64
    /// Length of the response's body as its head announces it; 0 if it does not.
    package var totalToReceiveBytes: Int64
  }
}

extension HTTPClient.Request {
  /// Checks what libcurl would put on the wire as it is: a line break in a header would become
  /// another header.
  func validate() throws(CurlError) {
    guard !method.isEmpty, method.utf8.allSatisfy(isTokenByte) else {
      throw CurlError(.invalidRequest, "\"\(method)\" is not an HTTP method")
    }
    guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
      throw CurlError(.invalidRequest, "a URL holds no spaces and no control characters: \(url.debugDescription)")
    }
    for header in headers {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
        throw CurlError(.invalidRequest, "\(header.name.debugDescription) is not a header name")
      }
      guard !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
        throw CurlError(.invalidRequest, "the value of header \(header.name) holds a line break")
      }
    }
  }
}

/// `tchar` of RFC 9110, section 5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "A")...UInt8(ascii: "Z"):
    true
  default:
    "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}

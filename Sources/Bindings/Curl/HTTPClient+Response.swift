extension HTTPClient {
  /// Status and headers of the final response; those of 1xx and of followed redirects are dropped. `headers` are in
  /// the order in which they came; a name may occur several times.
  package struct ResponseHead: Sendable, Equatable {
    /// The status code, 200 to 599.
    package var status: Int
    package var headers: [Header]

    package init(status: Int, headers: [Header] = []) {
      self.status = status
      self.headers = headers
    }

    /// The first value of a header, by its name without regard to case.
    package subscript(name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Whether the status is 2xx.
    package var isSuccess: Bool { (200..<300).contains(status) }
  }

  /// A complete answer, of any status. `status`, `headers` and `isSuccess` are those of its `head`.
  package struct Response: Sendable, Equatable {
    package var head: ResponseHead
    /// What was kept in memory: all of the body for ``HTTPClient/request(_:)``; for a download,
    /// what its target sent to ``DownloadTarget/memory``.
    package var body: [UInt8]
    /// The bytes of the body received, wherever they went.
    package var bodySizeBytes: UInt64
    /// The absolute URL to which a redirect that was not followed leads; nil if the response is no redirect.
    package var redirectURL: String? = nil

    package var status: Int { head.status }
    package var headers: [Header] { head.headers }
    package var isSuccess: Bool { head.isSuccess }
    /// The body as text; bytes that aren't UTF-8 become U+FFFD.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first value of a header, by its name without regard to case.
    package subscript(name: String) -> String? { head[name] }
  }

  /// Where the body of a download goes, chosen when its head is there.
  package enum DownloadTarget: Sendable {
    /// For answers that aren't what was asked for, such as a problem document. Limited by
    /// ``Request/maximumResponseBytes``.
    case memory
    /// - Parameters:
    ///   - descriptor: stays open until the download has returned; the caller closes it.
    ///   - offset: where the first byte goes; nil: at the descriptor's own position, for a pipe.
    ///   - maximumBytes: a longer body ends the transfer with ``CurlError/Code/responseTooLarge``.
    case file(descriptor: Int32, offset: Int64?, maximumBytes: UInt64)
    /// Each piece is handed over as it comes, on the client's own thread; the server is held back until the closure
    /// returns. What it throws ends the transfer.
    case sink(maximumBytes: UInt64, @Sendable (RawSpan) throws(CurlError) -> Void)
  }
}

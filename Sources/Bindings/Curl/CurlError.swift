import CCurl

/// Why a request got no complete answer.
///
/// An answer with any status, 404 and 500 included, is not an error here: it is a
/// ``HTTPClient/Response``.
package struct CurlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is, for code that decides what to do next; ``CurlError/message`` tells people.
  package enum Code: Sendable, Equatable {
    /// A URL, method or header that can't be sent; or a scheme other than http and https.
    case invalidRequest
    /// The server's or the proxy's host name has no address, or the name server can't be reached.
    case nameNotResolved
    /// The address is known, and nothing accepts connections there.
    case connectionFailed
    /// The connection broke, or the body ended before its announced length.
    case connectionLost
    /// No connection, no progress or no end within the limits of ``HTTPClient/Timeouts``.
    case timedOut
    /// The other side's certificate or one's own is wrong, or a file with one can't be read. Of TLS 1.3 a server
    /// refuses a client's certificate only after the handshake, which is ``connectionLost``.
    case tlsFailed
    /// The body or the headers exceed the limit that the caller set.
    case responseTooLarge
    /// More redirects than ``HTTPClient/Request/maximumRedirects``, which was above 0.
    case tooManyRedirects
    /// The answer isn't HTTP.
    case invalidResponse
    /// Writing what came to its file failed; ``CurlError/systemError`` says why.
    case sinkFailed
    /// Reading what is to be sent from its file failed; ``CurlError/systemError`` says why.
    case sourceFailed
    /// The client holds as many transfers as it may.
    case overloaded
    /// The Swift task was cancelled.
    case cancelled
    /// The client was closed.
    case closed
    /// Any other failure of libcurl, in its own words.
    case other
  }

  /// The kind of failure.
  package var code: Code
  /// What failed, with the URL, and what to do about it where that is known.
  package var message: String
  /// libcurl's own code (`CURLcode`), 0 if the failure didn't come from it.
  package var curlCode: UInt32
  /// errno of the file operation that failed, else 0.
  package var systemError: Int32

  package init(_ code: Code, _ message: String, curlCode: UInt32 = 0, systemError: Int32 = 0) {
    self.code = code
    self.message = message
    self.curlCode = curlCode
    self.systemError = systemError
  }

  package var description: String { message }

  /// Whether the same request may succeed a while later, or at another server.
  package var isTransient: Bool {
    switch code {
    case .nameNotResolved, .connectionFailed, .connectionLost, .timedOut, .overloaded, .invalidResponse, .other:
      true
    case .invalidRequest, .tlsFailed, .responseTooLarge, .tooManyRedirects, .sinkFailed, .sourceFailed,
      .cancelled, .closed:
      false
    }
  }
}

extension CurlError {
  /// - Parameter detail: the text that libcurl left in the transfer's error buffer; may be empty.
  init(curl result: CURLcode, detail: String, url: String) {
    let code: Code
    let advice: String
    switch result {
    case CURLE_URL_MALFORMAT:
      (code, advice) = (.invalidRequest, "the URL can't be read")
    case CURLE_UNSUPPORTED_PROTOCOL:
      (code, advice) = (.invalidRequest, "only http:// and https:// URLs are fetched")
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      (code, advice) = (.nameNotResolved, "the host name is unknown; check it, and the name server")
    case CURLE_COULDNT_CONNECT:
      (code, advice) = (.connectionFailed, "nothing answers there; check that the server runs")
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR:
      (code, advice) = (.connectionLost, "the connection broke before the end")
    case CURLE_OPERATION_TIMEDOUT:
      (code, advice) = (.timedOut, "too slow")
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CLIENTCERT:
      (code, advice) = (.tlsFailed, "TLS failed; check the certificates of both sides, and their authorities")
    case CURLE_TOO_MANY_REDIRECTS:
      (code, advice) = (.tooManyRedirects, "too many redirects")
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      (code, advice) = (.invalidResponse, "the answer isn't HTTP")
    default:
      (code, advice) = (.other, unsafe String(cString: xtblish_curl_easy_strerror(result)))
    }
    let message = detail.isEmpty ? "\(url): \(advice)" : "\(url): \(advice) (\(detail))"
    self.init(code, message, curlCode: UInt32(result.rawValue))
  }
}

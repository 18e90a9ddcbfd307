/// HTTP requests through libcurl, which runs on one thread of the client's own.
///
/// Files are read and written on that thread too, so a slow disk slows this client's transfers and
/// nothing else. Connections are kept and used again. Redirects are not followed unless a request
/// says so, only http and https are spoken, and the environment's proxies, cookies and `.netrc` are
/// ignored: what a device fetches must not depend on the environment it was started in.
package final class HTTPClient: Sendable {
  /// A proxy that requests go through: `https` ones by CONNECT, so that the proxy sees neither the request nor the
  /// answer.
  package struct Proxy: Sendable, Equatable {
    /// `http://host:port` or `https://host:port`, with `user:password@` where the proxy asks for it.
    package var url: String
    /// Hosts that are reached directly. A name stands for those below it too, a star for all: what curl takes for
    /// `no_proxy`.
    package var exceptions: [String]

    package init(url: String, exceptions: [String] = []) {
      self.url = url
      self.exceptions = exceptions
    }
  }

  /// What all requests of one client share: its bounds, what it trusts, and how it presents itself.
  package struct Configuration: Sendable {
    /// Connections that may be open at once; further transfers wait for one.
    package var maximumConnections: Int
    /// Transfers that may be under way or waiting. One more is refused with ``CurlError/Code/overloaded``.
    package var maximumTransfers: Int
    /// Bytes of one response's head, all lines together.
    package var maximumHeaderBytes: Int
    /// The `User-Agent` header of every request.
    package var userAgent: String
    /// What `https` requests trust, and the certificate they show.
    package var tls: HTTPTLS
    /// The token sent with every request that has no `Authorization` header of its own. It goes over TLS or within
    /// this machine only, and is not sent on to another host by a redirect.
    package var bearerToken: BearerToken?
    /// The proxy through which requests go; nil: they go directly.
    package var proxy: Proxy?

    package init(
      maximumConnections: Int = 32, maximumTransfers: Int = 1024, maximumHeaderBytes: Int = 64 * 1024,
      userAgent: String = "xtblish", tls: HTTPTLS = .system, bearerToken: BearerToken? = nil,
      proxy: Proxy? = nil
    ) {
      self.maximumConnections = maximumConnections
      self.maximumTransfers = maximumTransfers
      self.maximumHeaderBytes = maximumHeaderBytes
      self.userAgent = userAgent
      self.tls = tls
      self.bearerToken = bearerToken
      self.proxy = proxy
    }
  }

  private let loop: TransferLoop

  package init(_ configuration: Configuration = Configuration()) {
    loop = TransferLoop(configuration)
  }

  deinit { loop.close() }

  /// Ends the thread. Transfers under way fail with ``CurlError/Code/closed``. Also done when the
  /// client is released; a second call does nothing.
  package func close() { loop.close() }

  /// Sends a request and gives back the whole response. Cancelling the task ends the transfer.
  package func request(_ request: Request) async throws(CurlError) -> Response {
    try await transfer(request) { _ in .memory }
  }

  /// Sends a GET with the limits of ``Request``'s defaults and gives back the whole response, of any status.
  package func get(_ url: String, headers: [Header] = []) async throws(CurlError) -> Response {
    try await request(Request("GET", url, headers: headers))
  }

  /// Sends a request and writes the body of its response where `target` says.
  ///
  /// If the transfer fails, what came so far stays in the file, so that it can be resumed.
  ///
  /// - Parameter target: called once, on the client's own thread, before the first byte of the
  ///   body. Not called if the response has no body.
  package func download(
    _ request: Request, target: @escaping @Sendable (ResponseHead) -> DownloadTarget
  ) async throws(CurlError) -> Response {
    try await transfer(request, target: target)
  }

  private func transfer(
    _ request: Request, target: @escaping @Sendable (ResponseHead) -> DownloadTarget
  ) async throws(CurlError) -> Response {
    try request.validate()
    let id = loop.nextID()
    let result: Result<Response, CurlError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.start(
          TransferPlan(id: id, request: request, target: target) { result in continuation.resume(returning: result) })
        // A cancellation that came before the start found nothing to end.
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
    return try result.get()
  }
}

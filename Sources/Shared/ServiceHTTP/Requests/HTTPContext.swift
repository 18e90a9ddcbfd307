package import Authorization
package import Hummingbird
package import NIOCore
package import Wire

/// What handlers know of the request besides the request itself.
package struct HTTPContext: RequestContext {
  /// What Hummingbird keeps for a request.
  package var coreContext: CoreRequestContextStorage
  /// The connection on which the request came.
  package let channel: any Channel
  /// The client's `X-Request-Id`, or one made here. It is in the answer and in the log.
  package internal(set) var requestID = ""
  /// When its head was read.
  package let received = ContinuousClock.now
  /// What the route takes of a body.
  let bodyGate = BodyGate()
  /// Whether the request waits for something to happen, or did.
  let waiting = WaitingMark()
  /// Who the client is by the certificate that it showed and that was verified; nil for a client without one, or
  /// whose certificate has expired since the connection was made.
  package let peer: PeerIdentity?
  /// SHA-256 of the public key (SubjectPublicKeyInfo) in the certificate of ``peer``.
  package let peerKeyHash: [UInt8]?
  /// The connection in the server's ledger.
  let connection: ConnectionLedger.Entry?
  /// The client's address, without its port.
  package let source: String
  /// Who makes the request, as ``AccessControl`` found out.
  package internal(set) var principal = Principal(name: "anonymous")
  /// The token that proved it, to be handed on to a service that decides by it.
  package internal(set) var presentedToken: PresentedToken?

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
    connection = ConnectionLedger.Entry.current
    let certificate = TLSSession.current?.certificate.flatMap { $0.isExpired ? nil : $0 }
    peer = certificate?.identity
    peerKeyHash = certificate?.publicKeyHash
    self.source = source.channel.remoteAddress?.ipAddress ?? "unknown"
  }
}

extension HTTPContext {
  /// The request's ID as Hummingbird's logs show it.
  package var id: String { requestID }

  /// Who makes the request, for messages to other services. They note it as this service's word.
  package var wireRequester: WireRequester {
    var requester = WireRequester()
    requester.principal = principal.name
    requester.source = source
    return requester
  }

  /// Waits for something to happen: a long poll, which the metrics time apart. Meanwhile the connection may be dropped
  /// in favour of another one, if its client has shown no credentials and the server or the client's address has as
  /// many connections as it may have.
  package func givingWay<Answer>(_ body: () async throws -> Answer) async rethrows -> Answer {
    waiting.set()
    connection?.givesWay = true
    defer { connection?.givesWay = false }
    return try await body()
  }

  /// A parameter of the route, percent-decoded.
  ///
  /// - Throws: `ProblemError` 400 if the path has none of that name.
  package func parameter(_ name: String) throws -> String {
    // The guard has seen that the path decodes.
    guard let raw = parameters.get(name), let text = PercentEncoding.decode(raw) else {
      throw ProblemError(.badRequest, reason: "invalid-target", detail: "the part \(name) of the path is missing")
    }
    return text
  }
}

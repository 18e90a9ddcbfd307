package import Wire

/// One message on the bus, as `xtblish/v1/envelope.proto` describes it.
///
/// The bytes in it are slices of the frame it was read from, so that reading one copies nothing. It
/// has its own codec because every round trip reads and writes four of them; the tests hold it
/// against the generated one.
///
/// On the wire, a client's DEALER sends and receives one ZeroMQ frame per message: a serialised
/// envelope. A server's ROUTER sees the peer's routing ID in a frame before it. A program in any
/// language calls a service so:
///
/// 1. Connect a DEALER socket to the service's RPC address.
/// 2. Send `Envelope{version: 1, role: ROLE_REQUEST, kind: full name of the request message,
///    correlation_id: 16 random bytes, deadline_milliseconds: time left, payload: the serialised
///    request}`.
/// 3. Receive envelopes until one has the same correlation ID. `ROLE_RESPONSE` has the serialised
///    response in its payload, `ROLE_FAILURE` says in `failure` why there is none.
/// 4. To learn whether a silent server lives, send `Envelope{version: 1, role: ROLE_HEARTBEAT}`: a
///    live one answers `ROLE_HEARTBEAT_REPLY` at once, however busy its handlers are.
///
/// Programs that use this module agree to put many envelopes into one message: see ``FrameBatch``.
///
/// The properties are the fields of `envelope.proto`, where each is described: `version`, `role`, `kind`,
/// `correlationID`, `deadlineMilliseconds` (the time that was left when it was sent), `traceParent` (the W3C trace
/// context), `payload`, `failure` and `requestID`.
package struct Envelope: Equatable, Sendable {
  /// The version that this code writes, and the highest that it reads.
  static let currentVersion: UInt32 = 1

  /// Longer correlation IDs are refused: a server repeats them, and keeps them while it works.
  static let maximumCorrelationBytes = 64

  /// Room that is kept in a frame for what is not payload.
  static let allowanceBytes = 1024

  package var version: UInt32 = currentVersion
  package var role: Role
  package var kind = ""
  package var correlationID: ArraySlice<UInt8> = []
  package var deadlineMilliseconds: UInt32 = 0
  package var traceParent = ""
  package var payload: ArraySlice<UInt8> = []
  package var failure: WireFailure?
  package var requestID = ""

  package init(role: Role) {
    self.role = role
  }

  /// What a message is for: a number of the enumeration `Role` in the `.proto` file. An unknown one keeps its number.
  /// `request` goes to a server; `response` and `failure` answer it; `heartbeat` asks whether a server lives, and
  /// `heartbeatReply` answers that.
  package struct Role: RawRepresentable, Hashable, Sendable {
    /// The number in the `.proto` file.
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let request = Role(rawValue: 1)
    package static let response = Role(rawValue: 2)
    package static let failure = Role(rawValue: 3)
    package static let heartbeat = Role(rawValue: 4)
    package static let heartbeatReply = Role(rawValue: 5)
  }
}

extension Envelope {
  /// The frames without content, encoded once.
  static let heartbeatFrame = Envelope(role: .heartbeat).encoded()
  static let heartbeatReplyFrame = Envelope(role: .heartbeatReply).encoded()

  /// The sign of life of a server that is about to end.
  static let leavingReplyFrame: [UInt8] = {
    var envelope = Envelope(role: .heartbeatReply)
    envelope.failure = WireFailure(
      .unavailable, reason: "leaving", message: "about to shut down: send new requests to another replica")
    return envelope.encoded()
  }()

  static func failure(_ failure: WireFailure, correlationID: ArraySlice<UInt8>, kind: String = "") -> Envelope {
    var envelope = Envelope(role: .failure)
    envelope.correlationID = correlationID
    envelope.kind = kind
    envelope.failure = failure
    return envelope
  }
}

import Foundations

/// Carries frames between one listener and many dialers. Tests replace this part of messaging.
///
/// Frames arrive whole, in the order in which they were sent on a connection, at most once. They may be lost with a
/// connection. Neither side waits in `send`: what can't be queued is dropped, and at the dialer an event says so.
package protocol MessageTransport: Sendable {
  /// Listens on `endpoint`.
  ///
  /// - Parameter receive: called with the frames that came since the last call, never twice at the
  ///   same time, on a thread that must not be held up.
  func listen(
    on endpoint: String, options: TransportOptions,
    receive: @escaping @Sendable (_ frames: [PeerFrame]) -> Void
  ) async throws(TransportError) -> any TransportListener

  /// Makes the client's end of any number of connections.
  ///
  /// - Parameter receive: as for `listen`.
  func makeDialer(
    options: TransportOptions, receive: @escaping @Sendable (_ events: [DialerEvent]) -> Void
  ) async throws(TransportError) -> any TransportDialer
}

/// The server's end of the connections.
package protocol TransportListener: Sendable {
  /// The address in use, with the port that was chosen if 0 was asked for.
  var endpoint: String { get }

  /// Runs the tasks that `receive` wakes on its own thread, if the transport can: for tasks that mostly
  /// wait for frames and are done with them soon. Other tasks it runs on the global pool.
  var executor: (any TaskExecutor)? { get }

  /// Sends to a peer; dropped if it is gone or does not read.
  func send(_ frame: [UInt8], to peer: PeerID)

  /// How many frames were dropped because their peer was gone or did not read.
  var droppedFrames: Int { get }

  /// Stops listening, after handing what was sent to the network for at most the options' linger. Once this returns,
  /// `receive` is not called any more. May be called again.
  func close() async
}

/// The client's end of any number of connections.
package protocol TransportDialer: Sendable {
  /// Runs tasks on the transport's own thread, as a listener's `executor` does.
  var executor: (any TaskExecutor)? { get }

  /// Connects, again and again, until `disconnect`. `connection` must not have been used before.
  func connect(_ connection: ConnectionID, to endpoint: String)

  /// Ends the connection and drops what waits on it. No `closed` event follows.
  func disconnect(_ connection: ConnectionID)

  /// Sends one frame. If it can't be queued, an `unsent` event with its token follows, and the
  /// frame has certainly not been seen by the peer.
  func send(_ frame: [UInt8], on connection: ConnectionID, token: UInt64)

  /// Drops all connections. Once this returns, `receive` is not called any more. May be called again.
  func close() async
}

/// A connection of a dialer. Whoever uses the dialer chooses the `number`, each only once.
package struct ConnectionID: Hashable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) { self.number = number }
}

/// A connected client, as a listener tells them apart: the routing ID in `bytes`. A client that connects again is
/// another peer.
package struct PeerID: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// The peer that the client's key belongs to; nil where keys are not asked for.
  package let identity: BusPeer?

  /// Whether it showed that it reads a ``FrameBatch``.
  var readsBatches = false

  package init(_ bytes: [UInt8], identity: BusPeer? = nil) {
    self.bytes = bytes
    self.identity = identity
  }

  package static func == (left: PeerID, right: PeerID) -> Bool { left.bytes == right.bytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  package var description: String { Hexadecimal.encode(bytes) }
}

/// A message that a listener received, and the `peer` that sent it.
package struct PeerFrame: Sendable {
  package let peer: PeerID

  /// The frame; nil for a message of several frames, which is no envelope.
  package let frame: [UInt8]?

  package init(peer: PeerID, frame: [UInt8]?) {
    self.peer = peer
    self.frame = frame
  }
}

/// What happened on a dialer's connections.
package enum DialerEvent: Sendable, Equatable {
  /// Frames can be sent and will be received.
  case opened(ConnectionID)
  /// The connection is gone with what was under way on it; the transport connects again.
  case closed(ConnectionID)
  /// A frame arrived.
  case frame(ConnectionID, [UInt8])
  /// The frame with this token could not be queued; the peer has certainly not seen it.
  case unsent(ConnectionID, token: UInt64)
  /// The connection can't be had for now; the transport tries again.
  case refused(ConnectionID, ConnectionRefusal)
}

/// Why two ends that reach each other do not talk.
package enum ConnectionRefusal: Sendable, Equatable, CustomStringConvertible {
  /// The server does not let this process in.
  case ownKey
  /// Whoever is there has none of the keys that the server may have, or ended or hung in the handshake: libzmq says the
  /// same of all, that there was no end to it.
  case serverKey
  /// No key of such a server is known.
  case noServerKey
  /// Whoever is there took the connection and ended it before messages could flow. It is tried again.
  case handshake

  package var description: String {
    switch self {
    case .ownKey:
      "it does not let this process's key in: put the .peer file of the key into the folder of peers that it reads"
    case .serverKey:
      "whoever answers there ended the connection in the handshake, or did not answer in it: if it was not stopped just "
        + "then and does not hang, it has no key of this role that is known here: put the .peer file of its key into "
        + "the folder of peers, and see that both sides use keys"
    case .noServerKey:
      "no key of this role is known here: put the .peer files of its instances into the folder of peers"
    case .handshake:
      "whoever answers there hangs up before it can be talked to: see that it is a program of this bus, and see that "
        + "both sides use keys"
    }
  }
}

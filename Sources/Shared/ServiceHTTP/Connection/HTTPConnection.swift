import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// A connection, ready for its requests.
struct HTTPConnection: ServerChildChannelValue {
  typealias Requests = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  let entry: ConnectionLedger.Entry
  /// The TLS session of the connection; nil without TLS.
  let session: TLSSession?
  private let owner: Owner

  init(requests: Requests, entry: ConnectionLedger.Entry, session: TLSSession?) {
    self.entry = entry
    self.session = session
    owner = Owner(requests)
  }

  var channel: any Channel { owner.requests.channel }

  /// The requests, for the one who executes them and then closes.
  func takeRequests() -> Requests {
    owner.isTaken.store(true, ordering: .releasing)
    return owner.requests
  }

  /// Ends a connection that nobody took: one that waited in the server's queue when the server was stopped hard. An
  /// asynchronous channel that is dropped without having been executed stops the whole process.
  private final class Owner: Sendable {
    let requests: Requests
    let isTaken = Atomic(false)

    init(_ requests: Requests) {
      self.requests = requests
    }

    deinit {
      guard !isTaken.load(ordering: .acquiring) else { return }
      Task { [requests] in
        requests.channel.cut()
        try? await requests.executeThenClose { _, _ in }
      }
    }
  }
}

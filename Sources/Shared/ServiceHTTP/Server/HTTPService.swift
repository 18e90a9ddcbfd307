package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import ServiceKit
import ServiceLifecycle
import Synchronization

/// An HTTP/1.1 server on one address.
package final class HTTPService: Service {
  private let application: Application<GuardedResponder>
  private let tls: ServerTLS?
  private let listen: ListenAddress
  private let bound: OneTimeValue<Int>
  private let ledger: ConnectionLedger

  /// The port that the server listens on. Waits until it does.
  ///
  /// - Throws: `ListenError` when it can't.
  package var boundPort: Int {
    get async throws { try await bound.value }
  }

  /// Where the server listens; where any free port was asked for, with the port that was found. Waits until it
  /// listens.
  package var address: ListenAddress {
    get async { ListenAddress(host: listen.host, port: (try? await boundPort) ?? listen.port) }
  }

  fileprivate init(
    name: String, listen: ListenAddress, router: Router<HTTPContext>, limits: HTTPLimits, tls: ServerTLS?,
    logger: Logger
  ) {
    let ledger = ConnectionLedger(limits: limits)
    let bound = OneTimeValue<Int>()
    let responder = GuardedResponder(
      routes: router.buildResponder(), allowed: AllowedMethods(router), limits: limits,
      metrics: HTTPRequestMetrics(server: name))
    application = Application(
      responder: responder,
      server: HTTPServerBuilder { HTTPConnectionSetup(limits: limits, ledger: ledger, tls: tls, responder: $0) },
      configuration: ApplicationConfiguration(
        address: .hostname(listen.host, port: listen.port), backlog: 1_024,
        // The ledger keeps far fewer: this is for those that are being closed, so that a flood can't take all descriptors.
        availableConnectionsDelegate: .maximum(limits.maximumConnections + Self.closingAtOnce, logger: logger)),
      onServerRunning: { channel in bound.settle(.success(channel.localAddress?.port ?? listen.port)) },
      logger: logger)
    self.tls = tls
    self.listen = listen
    self.bound = bound
    self.ledger = ledger
  }

  /// Asks every client to connect anew, which is to another server by then: each connection ends with its next answer.
  /// New connections are still taken.
  package func leave() { ledger.leave() }

  /// How many connections over the limit may be on their way out.
  private static let closingAtOnce = 1_024

  package func run() async throws {
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        // Follows its files for as long as there are connections to use them.
        if let tls { group.addTask { try await tls.run() } }
        group.addTask { [ledger] in await MemoryReturn(ledger).run() }
        try await application.run()
        group.cancelAll()
      }
      bound.settle(.failure(ListenError(address: listen, reason: "the server ended before it listened")))
    } catch {
      let failure = ListenError(address: listen, reason: "\(error)")
      // A server that has listened fails for another reason.
      throw bound.settle(.failure(failure)) ? failure : error
    }
  }
}

/// Makes a server for the routes of `router`, which comes from `makeRouter()`.
///
/// - Parameters:
///   - name: of the service, for metrics and logs.
///   - limits: what it takes from clients at most.
///   - tls: nil for a server that everybody can listen to and speak to.
package func makeHTTPService(
  name: String, listen: ListenAddress, router: Router<HTTPContext>, limits: HTTPLimits = .standard,
  tls: ServerTLS? = nil, logger: Logger
) -> HTTPService {
  HTTPService(name: name, listen: listen, router: router, limits: limits, tls: tls, logger: logger)
}

/// The server can't listen on `address`.
package struct ListenError: Error, CustomStringConvertible {
  package let address: ListenAddress
  let reason: String

  package var description: String {
    "can't listen on \(address): \(reason); free the address, or set another one"
  }
}

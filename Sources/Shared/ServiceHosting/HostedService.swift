package import Messaging
package import ServiceHTTP
package import ServiceKit
package import ServiceLifecycle

/// A service as its executable serves it. All four are conformances of this: who has read one knows the others' shape.
///
/// Its life has one order, which `HostedParts` keeps and no service departs from:
///
/// 1. *Settings.* `serve` reads and checks them, opens log and metrics, and makes a `PreparedProcess` of them.
/// 2. *Parts.* `init` puts the service together. Nothing listens yet, and nothing asks anybody anything.
/// 3. *Readiness.* The operations server answers first, and the watches of expiry and disk begin, so that whoever waits
///    for the service can see what it waits for.
/// 4. *Preparation.* `prepare` gets what the work needs, however long that takes to come: the tables of the database.
/// 5. *Run.* `services` start in their order, then the bus is answered, then HTTP.
/// 6. *Notice.* At SIGTERM or SIGINT the service stops being ready, and tells its clients to go elsewhere: on the bus with
///    each sign of life, and over HTTP by ending each connection with its next answer. It still takes what comes, for as
///    long as `shutdown.delay.seconds` says or until a second signal.
/// 7. *Drain.* Everything ends in reverse order, each when it has finished what it was doing: HTTP, the bus, the services
///    from the last to the first, the watches, and the operations server last of all.
/// 8. *End.* `close` gives back what all of them used.
package protocol HostedService: Sendable {
  /// What it can be told.
  associatedtype Settings: HostedServiceSettings

  /// Puts the service together from its settings. Called once, before everything else.
  ///
  /// It promises that nothing listens and no connection is made before `prepare`, and throws what an operator can mend:
  /// `SettingsError`, or an error of a file that the settings name.
  ///
  /// - Parameter bus: its part in the bus, open for clients of other services.
  init(_ process: PreparedProcess<Settings>, bus: Bus) async throws

  /// Adds a check for each thing without which the service can't do its work. Called once, after `init`; the checks are
  /// asked from then on, also while `prepare` still waits and while the service drains.
  func addChecks(to readiness: Readiness)

  /// What the service relies on and that ends one day, such as its certificate. Asked once, after `init`; the sources
  /// themselves every few seconds.
  var expirySources: [ExpirySource] { get }

  /// The folders that it writes to. While one of them is nearly full the service is not ready. Asked once, after `init`;
  /// empty if it keeps nothing on a disk.
  var writtenFolders: [String] { get }

  /// Waits for what the work needs and makes it if it is missing. Called once, before `services` start, and cancelled if
  /// the service is to end before it came; what it throws ends the process.
  func prepare() async throws

  /// What runs as long as the service does beside its servers: clients of other services, dispatchers, upkeep. Asked
  /// once; started in this order, ended in reverse, so that each may use those before it to the end.
  var services: [any Service] { get }

  /// Adds a handler for each request of the bus that it answers; `GetStatus` is answered for it. Called once, after
  /// `init`; no handler is called before `prepare` has returned.
  func addHandlers(to router: inout RPCRouter)

  /// Told of each request of the bus that its sender's role may not send, from the thread of the bus: it must not block.
  func noteDenial(of peer: BusPeer, kind: String)

  /// Its HTTP server, which listens once `prepare` has returned; nil if it has none.
  var http: HTTPService? { get }

  /// Counts worth a look, for its status. Asked whenever somebody asks how the service is, with two seconds to answer;
  /// when it throws the status has none.
  func figures() async throws -> [String: Double]

  /// Gives back what everything else used, such as the connections to the database. Called once, after all that ran has
  /// ended. It need not return, as where a disk doesn't answer: the process ends all the same when the time for its end
  /// is up.
  func close() async
}

/// What a service is that has no need of it: it writes nothing (`writtenFolders`), waits for nothing (`prepare`), takes no
/// note of denials (`noteDenial`), has no HTTP server (`http`), and has nothing to give back (`close`).
extension HostedService {
  package var writtenFolders: [String] { [] }

  package func prepare() async throws {}

  package func noteDenial(of peer: BusPeer, kind: String) {}

  package var http: HTTPService? { nil }

  package func close() async {}
}

/// A hosted service with a database of its own: gives its executable `migrate`.
package protocol MigratableService: HostedService {
  /// Brings the database's schema up to date, as `prepare` does it too. Called instead of everything else, by `migrate`.
  ///
  /// - Returns: what was applied, oldest first, as it is shown.
  static func migrate(_ process: PreparedProcess<Settings>) async throws -> [String]
}

/// The settings of a hosted service: where its servers are that all have.
package protocol HostedServiceSettings: ServiceSettings {
  /// Where the bus is answered.
  var rpcListen: String { get }

  /// Where liveness, readiness and metrics are answered.
  var operationsListen: ListenAddress { get }
}

import Foundations
import Messaging
import ServiceHTTP
import ServiceHosting
import ServiceKit
import ServiceLifecycle
import Synchronization
import TestSupport
import Wire

/// What a played service waits for, and what it did so far.
final class Stage: Sendable {
  let mayPrepare = TaskSignal()
  let mayAnswer = TaskSignal()
  private let state = Mutex<[String]>([])

  /// What was done, in its order.
  var notes: [String] { state.withLock { $0 } }

  func note(_ what: String) { state.withLock { $0.append(what) } }
}

struct PlayedSettings: HostedServiceSettings {
  static let serviceName = "played"
  static let busRole: BusRole? = nil
  static let allSettings: [any SettingDescription] = []

  let rpcListen = "tcp://127.0.0.1:0"
  let operationsListen = ListenAddress(host: "127.0.0.1", port: 0)
  let stage = Stage()

  init(_ reader: inout SettingsReader) throws(SettingsError) {}
}

/// Notes when it runs and when it ends.
private struct Part: Service {
  let name: String
  let stage: Stage

  func run() async throws {
    stage.note("\(name) runs")
    try? await gracefulShutdown()
    stage.note("\(name) ends")
  }
}

/// A service that does nothing but note what is done with it.
struct PlayedService: HostedService {
  private let stage: Stage
  /// Without a route: every answer is that there is nothing.
  let http: HTTPService?

  init(_ process: PreparedProcess<PlayedSettings>, bus: Bus) async throws {
    stage = process.settings.stage
    http = makeHTTPService(
      name: "played", listen: ListenAddress(host: "127.0.0.1", port: 0), router: makeRouter(), logger: process.logger)
  }

  func addChecks(to readiness: Readiness) {
    readiness.add("preparation") { [stage] in
      guard stage.notes.contains("prepared") else { throw TestFailure("not prepared yet") }
    }
  }

  var expirySources: [ExpirySource] { [] }

  func prepare() async throws {
    stage.note("prepares")
    await stage.mayPrepare.wait(upTo: nil)
    if !Task.isCancelled { stage.note("prepared") }
  }

  var services: [any Service] { [Part(name: "first", stage: stage), Part(name: "second", stage: stage)] }

  func addHandlers(to router: inout RPCRouter) {
    router.handle(WireListEvents.self) { [stage] _, _ in
      stage.note("is asked")
      await stage.mayAnswer.wait(upTo: nil)
      stage.note("answers")
      return WireListEventsResponse()
    }
  }

  func figures() async throws -> [String: Double] { [:] }

  func close() async { stage.note("closes") }
}

import Authorization
import DeviceProtocol
import FirmwareAssignment
import Foundations
import HTTPTypes
import Hummingbird
import ServiceHTTP

/// `/status` and `/download`: the door for devices that only ask now and then, each for its own firmware.
///
/// Who asks is said by the certificate, or by the token of a device that is too small for one.
struct PollingRoutes: Sendable {
  let access: AccessControl
  let tokens: PollingTokens
  let catalog: FirmwareCatalog
  let firmware: FirmwareResponder

  func add(to router: Router<HTTPContext>) {
    let statusPath = RouterPath(DeviceRoute.status.rawValue)
    let routes = router.group().add(middleware: FirmwareProblems())
    routes.get(statusPath) { request, context in
      let device = try await device(request, context)
      let waiting = try await catalog.waitingVersion(for: device)
      return try Response.json(PollingAnswer(fileExists: waiting != nil), headers: [.cacheControl: "no-store"])
    }
    routes.group().add(middleware: BodyLimit(maximumBytes: DeviceLimit.polledStatusBytes.value))
      .post(statusPath) { request, context in
        // Before the body is looked at: who may not speak for a device is not told what would be wrong with it.
        let device = try await device(request, context)
        try await catalog.record(
          try await request.decodeJSON(PolledStatus.self), of: device, requester: context.wireRequester)
        let waiting = try await catalog.waitingVersion(for: device)
        return try Response.json(PollingAnswer(fileExists: waiting != nil), headers: [.cacheControl: "no-store"])
      }
    routes.get(RouterPath(DeviceRoute.download.rawValue)) { request, context in
      let device = try await device(request, context)
      guard let version = try await catalog.waitingVersion(for: device) else {
        throw ProblemError(
          .notFound, reason: "nothing-waits", detail: "the device has confirmed its newest version: ask again later")
      }
      let waiting = try await catalog.find(device, version: version)
      // Which one waits changes.
      return try await firmware.respond(request, context, with: waiting, cacheControl: "private, no-cache")
    }
  }

  private func device(_ request: Request, _ context: HTTPContext) async throws -> DeviceID {
    if case .device = context.peer { return try access.device(of: context) }
    return try await access.authenticated(request, context, isTrusted: { tokens.isKnown($0) }) { token in
      try await tokens.device(of: token.hash)
    }
  }
}

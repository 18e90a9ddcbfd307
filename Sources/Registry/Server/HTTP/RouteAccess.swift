import Authorization
import FirmwareImage
import Hummingbird
import RegistryDomain
import ServiceHTTP

/// Gives each route the scope that it takes. A route is added to one of these groups, never to the router itself.
struct RouteAccess {
  let router: Router<HTTPContext>
  let control: AccessControl

  /// The group for routes that change nothing.
  func reading(_ scope: AccessScope = .read) -> RouterGroup<HTTPContext> {
    router.group().add(middleware: control.requiring(scope))
  }

  /// The group for one route that makes a change.
  ///
  /// - Parameter target: what it is done to, for the audit log.
  func changing(
    _ scope: AccessScope, _ action: AuditAction, target: @escaping AccessControl.Target = { _ in "" }
  ) -> RouterGroup<HTTPContext> {
    router.group().add(middleware: control.requiring(scope, action: action.rawValue, target: target))
  }

  /// The group for one route that changes the device of its path.
  func changingDevice(_ scope: AccessScope, _ action: AuditAction) -> RouterGroup<HTTPContext> {
    // A client that sends no ID is told so by the route itself, which runs once it is known who asks.
    changing(scope, action) { context in (try? RequestReading.device(context)).map(AuditRecord.target) ?? "device:?" }
  }
}

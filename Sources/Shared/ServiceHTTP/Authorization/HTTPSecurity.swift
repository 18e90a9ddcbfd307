package import Logging
package import Messaging
package import ServiceKit
package import ServiceLifecycle

/// What guards the HTTP server of a service: its certificate, the list of revoked certificates, and who may do what.
package struct HTTPSecurity: Sendable {
  /// The certificate, and whom it trusts; nil if the service was told to do without TLS.
  package let tls: ServerTLS?
  /// Decides who may use which route.
  package let access: AccessControl
  /// The certificates that were taken back. `services` keep it up to date; in the Provisioner the service does that
  /// itself.
  package let revocations: RevocationList
  /// Tasks that must run before the server does, and until it has ended.
  package let services: [any Service]

  /// - Parameters:
  ///   - role: of the service, as in its certificate: `image-store`.
  ///   - isInsecure: no TLS, and everybody may do everything.
  ///   - authorizer: knows the tokens.
  ///   - provisioner: tells who is revoked; nil in the Provisioner, which brings that itself.
  /// - Throws: `SettingsError` when there is no certificate, `TLSFileError` when its files can't be used.
  package init(
    _ settings: TLSSettings, role: String, isInsecure: Bool, authorizer: any RequestAuthorizer,
    provisioner: (any RPCCaller)?, logger: Logger
  ) throws {
    revocations = RevocationList()
    guard let files = try settings.serverFiles(role: role, isInsecure: isInsecure) else {
      tls = nil
      access = .open
      services = []
      return
    }
    tls = try ServerTLS(files: files, revocations: revocations, logger: logger)
    access = AccessControl(authorizer: authorizer, revocations: revocations)
    services =
      if let provisioner {
        [RevocationFollower(list: revocations, provisioner: provisioner, logger: logger)]
      } else {
        []
      }
  }

  /// Adds a check to the service's readiness: it is not ready while nobody can tell which certificates are revoked.
  package func addChecks(to readiness: Readiness) {
    guard tls != nil else { return }
    readiness.add("revocations") { try revocations.check() }
  }
}

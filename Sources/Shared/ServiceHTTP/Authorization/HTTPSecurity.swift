package import Logging
package import Messaging
package import ServiceKit
package import ServiceLifecycle

/// What guards the HTTP server of a service: its certificate, the list of revoked ones, and who may do what.
package struct HTTPSecurity: Sendable {
  /// Nil if the service was told to do without.
  package let tls: ServerTLS?
  package let access: AccessControl
  /// Fed by `services`, or by a Provisioner itself.
  package let revocations: RevocationList
  /// To be run before the server, and to its end.
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

  /// Makes the service unready while nobody can tell which certificates are revoked.
  package func addChecks(to readiness: Readiness) {
    guard tls != nil else { return }
    readiness.add("revocations") { try revocations.check() }
  }
}

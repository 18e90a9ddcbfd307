/// Files in PEM with the certificate of a service, its private `key`, and the roots that it trusts.
package struct TLSFiles: Sendable, Equatable {
  /// The service's certificate, followed by the intermediates above it.
  package var certificate: String
  package var key: String
  /// The roots that peers' certificates must lead to.
  package var roots: String

  package init(certificate: String, key: String, roots: String) {
    self.certificate = certificate
    self.key = key
    self.roots = roots
  }
}

/// The settings of TLS, which every service with an HTTP server has.
package struct TLSSettings: Sendable, Equatable {
  /// The files; nil when none of the settings is given.
  package let files: TLSFiles?

  package static let certificateFile = Setting(
    "tls.certificate-file", .path, .optional,
    help: "The service's certificate in PEM, followed by the intermediates above it. Read again when it changes.")
  package static let keyFile = Setting(
    "tls.key-file", .path, .optional, help: "The private key of the service's certificate in PEM.")
  package static let rootsFile = Setting(
    "tls.ca-file", .path, .optional, help: "The roots in PEM that the certificates of peers must lead to.")

  /// What ``ServiceSettings/allSettings`` of a service with TLS includes.
  package static let allSettings: [any SettingDescription] = [certificateFile, keyFile, rootsFile]

  package init(files: TLSFiles?) {
    self.files = files
  }

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    let certificate = try reader.optional(Self.certificateFile)
    let key = try reader.optional(Self.keyFile)
    let roots = try reader.optional(Self.rootsFile)
    if let certificate, let key, let roots {
      files = TLSFiles(certificate: certificate, key: key, roots: roots)
      return
    }
    files = nil
    guard certificate != nil || key != nil || roots != nil else { return }
    // One by one they are of no use.
    if certificate == nil { reader.refuse(Self.certificateFile, "is not set, but other files of TLS are") }
    if key == nil { reader.refuse(Self.keyFile, "is not set, but other files of TLS are") }
    if roots == nil { reader.refuse(Self.rootsFile, "is not set, but other files of TLS are") }
  }

  /// The files that a server needs, or nil if it is to do without TLS.
  ///
  /// - Parameters:
  ///   - role: as in the service's certificate: `image-store`.
  ///   - isInsecure: whether the process was told to do without.
  package func serverFiles(role: String, isInsecure: Bool) throws(SettingsError) -> TLSFiles? {
    let missing = missing(role: role, isInsecure: isInsecure)
    guard missing.isEmpty else { throw SettingsError(missing) }
    return isInsecure ? nil : files
  }

  /// The problem of a server that has no files and may not do without them; empty if there is none.
  package func missing(role: String, isInsecure: Bool) -> [SettingProblem] {
    guard files == nil, !isInsecure else { return [] }
    let names = Self.allSettings.map(\.environmentName).joined(separator: ", ")
    return [
      SettingProblem(
        key: Self.certificateFile.key,
        message: """
          \(names) are not set, and without them nobody could trust this service. Make the files with: \
          xtblish-provisioner certificate issue --authority DIRECTORY --service \(role)-1 --role \(role) \
          --dns HOST --out FOLDER. For a test on one machine, set XTBLISH_INSECURE=true instead
          """)
    ]
  }
}

import ServiceKit

/// What the settings of the certificate authority say. Each property holds the setting whose help stands below:
/// `passphraseFile` opens the keys (nil: they are not encrypted), `deviceLifetime` is how long devices' certificates
/// are good, `listDirectory` is the folder that CRLs are written to for a broker (nil: none), and `notifierEndpoints`
/// are where sessions of revoked devices are ended.
struct AuthoritySettings: Sendable {
  /// The authority's folder; nil: there is no authority, which `insecure` allows.
  let directory: String?
  let passphraseFile: String?
  let deviceLifetime: Duration
  /// How long services may go on with what they know of revocations when they hear nothing more.
  let revocationValidity: Duration
  let listDirectory: String?
  let notifierEndpoints: [String]

  private static let directorySetting = Setting(
    "provisioner.authority.directory", .path, .optional,
    help: "The certificate authority's folder; xtblish-provisioner ca init makes it.")
  private static let passphraseFileSetting = Setting(
    "provisioner.authority.passphrase-file", .path, .optional,
    help: "The file with the passphrase of the authority's keys, or the PIN of their PKCS#11 token.")
  private static let lifetimeSetting = Setting(
    "provisioner.certificate.lifetime", .duration(.seconds(1)...(.seconds(3_653 * 86_400))), .default("90d"),
    help: "How long devices' certificates are good; devices renew them at two thirds of it.")
  private static let listLifetimeSetting = Setting(
    "provisioner.crl.lifetime", .duration(.seconds(10)...(.seconds(366 * 86_400))), .default("1d"),
    help: "How long services go on letting devices in when no Provisioner tells them what is revoked.")
  private static let listDirectorySetting = Setting(
    "provisioner.crl.directory", .path, .optional,
    help: "The folder that the roots and CRLs are written to for a broker on the same machine.")
  private static let notifierEndpointsSetting = Setting(
    "notifier.endpoints", .endpoints, .default("tcp://127.0.0.1:7132"), help: "Where the Notifier answers on the bus.")

  /// The authority's settings, in the order in which `check-config` shows them.
  static let allSettings: [any SettingDescription] = [
    directorySetting, passphraseFileSetting, lifetimeSetting, listLifetimeSetting, listDirectorySetting,
    notifierEndpointsSetting,
  ]

  init(_ reader: inout SettingsReader) throws(SettingsError) {
    directory = try reader.optional(Self.directorySetting)
    passphraseFile = try reader.optional(Self.passphraseFileSetting)
    deviceLifetime = try reader.require(Self.lifetimeSetting)
    revocationValidity = try reader.require(Self.listLifetimeSetting)
    listDirectory = try reader.optional(Self.listDirectorySetting)
    notifierEndpoints = try reader.require(Self.notifierEndpointsSetting)
    let isInsecure = try reader.require(ProcessSettings.insecureSetting)
    if directory == nil && !isInsecure {
      reader.refuse(
        Self.directorySetting,
        "is not set: make a certificate authority with xtblish-provisioner ca init --directory FOLDER, and name it here"
      )
    }
  }
}

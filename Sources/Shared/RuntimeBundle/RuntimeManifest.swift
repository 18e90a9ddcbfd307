/// What a runtime is: its version, for which processor, and each of its files. It stands at the beginning of a bundle, is
/// what is signed, and is kept beside the files, where a start checks them by it. `version` and `files` are what a device
/// gets.
package struct RuntimeManifest: Hashable, Sendable {
  /// The name under which a device keeps it beside the files.
  package static let fileName = "manifest"
  /// The agent's program, without which there is no runtime.
  package static let agentName = "xtblish-device"
  /// The program that runs apps.
  package static let appHostName = "xtblish-app-host"
  /// The most files that a runtime has.
  static let maximumFiles = 128
  /// The most bytes that all of them have: 1 GiB.
  package static let maximumBytes: UInt64 = 1 << 30

  package let version: RuntimeVersion
  /// Once this runtime has confirmed itself, the device takes none below this any more.
  package let minimumVersion: RuntimeVersion
  /// Whether it may take the place of a newer one.
  package let mayReplaceNewer: Bool
  /// As `uname -m` names it.
  package let architecture: String
  package let files: [RuntimeFile]
  /// The ID of the key that signed, and its signature; nil: nobody did.
  package internal(set) var signature: RuntimeSignature?

  /// - Throws: `malformed` if that can't be a runtime.
  package init(
    version: RuntimeVersion, minimumVersion: RuntimeVersion, mayReplaceNewer: Bool, architecture: String,
    files: [RuntimeFile], signature: RuntimeSignature? = nil
  ) throws(RuntimeBundleError) {
    func require(_ condition: Bool, _ problem: String) throws(RuntimeBundleError) {
      guard condition else { throw .malformed(problem) }
    }
    try require(version > .none, "its version is 0.0.0")
    try require(minimumVersion <= version, "it demands version \(minimumVersion), and is itself \(version)")
    try require(
      (1...RuntimeManifestLayout.architectureBytes).contains(architecture.utf8.count)
        && architecture.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "its architecture has no name")
    try require(
      (1...Self.maximumFiles).contains(files.count), "it has not 1 to \(Self.maximumFiles) files")
    for file in files {
      try require(RuntimeFile.isName(file.name), "\(file.name.debugDescription) is no name for a file of it")
      try require(file.sizeBytes <= RuntimeFile.maximumBytes, "\(file.name) is above \(RuntimeFile.maximumBytes) bytes")
    }
    try require(Set(files.map(\.name)).count == files.count, "two of its files have one name")
    for program in [Self.agentName, Self.appHostName] {
      try require(
        files.contains { $0.name == program && $0.isExecutable }, "it has no program \(program)")
    }
    try require(
      files.reduce(0) { $0 + $1.sizeBytes } <= Self.maximumBytes, "it has more than \(Self.maximumBytes) bytes")
    self.version = version
    self.minimumVersion = minimumVersion
    self.mayReplaceNewer = mayReplaceNewer
    self.architecture = architecture
    self.files = files
    self.signature = signature
  }

  /// The size of all files together.
  package var contentBytes: UInt64 { files.reduce(0) { $0 + $1.sizeBytes } }
}

/// An Ed25519 signature, its 64 `bytes`, and `keyID`, the ID of the key that is said to have made it: the first 8 bytes of the
/// SHA-256 of its 32 bytes, as everywhere.
package struct RuntimeSignature: Hashable, Sendable {
  package let keyID: [UInt8]
  package let bytes: [UInt8]
}

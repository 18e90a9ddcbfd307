import ArgumentParser
import FirmwareImage
import Foundations
import Glibc
import OpenSSL
import RuntimeBundle
import RuntimeSlots
import ServiceKit

struct PackRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Make a bundle of the device's software; needs no device.",
    discussion: """
      The folder is that of the package, /usr/lib/xtblish: the programs and the libraries that lie beside them. The \
      launcher in it is left out, as devices never replace it.
      """)

  @Argument(help: "The folder.", completion: .directory) var folder: String

  @Option(help: ArgumentHelp("Where the bundle goes; the file must not exist.", valueName: "file")) var out: String

  @Option(help: ArgumentHelp("The key to sign it with, made by xtblish-image-store keygen.", valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "The runtime's version.", discussion: "Otherwise the one in the folder's file \"version\".",
      valueName: "version"))
  var runtimeVersion: String?

  @Option(
    help: ArgumentHelp(
      "Once devices have confirmed it, they take none below this version any more.", valueName: "version"))
  var minimum: String?

  @Flag(help: "Let devices with a newer one take it.") var downgrade = false

  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      try await RuntimeCommand.reporting {
        let version = try runtimeVersion.map { try Self.version($0, "--runtime-version") } ?? ownVersion()
        let packing = try RuntimePacking(folder: folder)
        var manifest = try packing.manifest(
          version: version, minimumVersion: try minimum.map { try Self.version($0, "--minimum") } ?? .none,
          mayReplaceNewer: downgrade)
        if let key { manifest = try manifest.signed(by: Self.privateKey(key)) }
        try packing.write(manifest, to: out)
        if json {
          try printJSON(["bundle": out, "version": version.description, "architecture": manifest.architecture])
        } else {
          print("runtime \(version) for \(manifest.architecture) is in \(out)\(key == nil ? ", not signed yet" : "")")
        }
      }
    }
  }

  private func ownVersion() throws -> RuntimeVersion {
    let version = PackagedRuntime.version(in: folder)
    guard version > .none else {
      throw AdminError("\(folder)/version does not say which version this is: use --runtime-version", status: .usage)
    }
    return version
  }

  private static func version(_ text: String, _ option: String) throws -> RuntimeVersion {
    guard let version = RuntimeVersion(text) else {
      throw AdminError("\(option) takes three numbers such as 1.4.2, not \(text)", status: .usage)
    }
    return version
  }

  static func privateKey(_ path: String) throws -> Ed25519.PrivateKey {
    do throws(SigningKeyError) { return try SigningKeyFile.readPrivate(path) } catch {
      throw AdminError(error.description, status: .data)
    }
  }
}

struct SignRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a bundle in its place; needs no device.",
    discussion: "An older signature is replaced.")

  @Argument(help: "The bundle.", completion: .file()) var file: String

  @Option(help: ArgumentHelp("The key, made by xtblish-image-store keygen.", valueName: "file")) var key: String

  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      let manifest = try await RuntimeCommand.reporting { try sign() }
      if json {
        try printJSON(["bundle": file, "version": manifest.version.description])
      } else {
        print("runtime \(manifest.version) in \(file) is signed")
      }
    }
  }

  private func sign() throws -> RuntimeManifest {
    let descriptor = open(file, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RuntimeBundleError.unreadable(file: file, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    let head = readBytes(of: descriptor, count: RuntimeManifest.headBytes) ?? []
    let bytes = readBytes(of: descriptor, count: try RuntimeManifest.sizeBytes(head: head)) ?? []
    let signed = try RuntimeManifest(decoding: bytes).signed(by: PackRuntimeCommand.privateKey(key))
    let encoded = signed.encoded()
    guard pwrite(descriptor, encoded, encoded.count, 0) == encoded.count, fsync(descriptor) == 0 else {
      throw AdminError("\(file) can't be written: \(String(cString: strerror(errno)))", status: .failure)
    }
    return signed
  }
}

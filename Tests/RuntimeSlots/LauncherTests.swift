import Foundation
import OpenSSL
import RuntimeBundle
import TestSupport
import Testing

@testable import DeviceStorage
@testable import RuntimeSlots

/// The launcher's real program, with scripts in the place of agents.
@Suite(.seated) struct LauncherTests {
  private let folder: TemporaryFolder
  private let key: Ed25519.PrivateKey

  init() throws {
    folder = try TemporaryFolder("xtblish-launcher")
    key = try Ed25519.PrivateKey()
    try FileManager.default.createDirectory(atPath: folder.path("package"), withIntermediateDirectories: false)
    try FileManager.default.createDirectory(atPath: folder.path("device"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(atPath: try product("xtblish-device-launcher"), toPath: launcher)
    try Self.script("the package's").write(
      toFile: folder.path("package/xtblish-device"), atomically: false, encoding: .utf8)
    try "1.0.0\n".write(toFile: folder.path("package/version"), atomically: false, encoding: .utf8)
    chmod(folder.path("package/xtblish-device"), 0o755)
  }

  private var launcher: String { folder.path("package/xtblish-device-launcher") }

  private static func script(_ text: String) -> String {
    "#!/bin/sh\necho \"\(text): $* in $XTBLISH_PACKAGE_FOLDER\"\n"
  }

  private func install(_ version: String, text: String? = nil) throws {
    let runtime = try TestRuntime(version, text: text ?? Self.script("runtime \(version)"), signedBy: key)
    try RuntimeInstallation(
      store: RuntimeStore(directory: folder.path("device")), trusting: [try key.publicKey()], architecture: "x86_64",
      packaged: RuntimeVersion("1.0.0")!
    ).install(runtime.bundle)
  }

  private func launch() async throws -> String {
    let process = try ChildProcess(launcher, ["--directory", folder.path("device")])
    #expect(try await process.waitForExit() == .exited(0))
    return process.output
  }

  private func line(_ name: String) -> String {
    "\(name): run --directory \(folder.path("device")) in \(folder.path("package"))\n"
  }

  @Test func thePackagesRuntimeIsStartedWhereThereIsNoOther() async throws {
    #expect(try await launch() == line("the package's"))
    #expect(!RuntimeStore.exists(in: folder.path("device")))
  }

  @Test func theDirectoryIsFoundInOneWordWithItsOptionToo() async throws {
    try install("1.1.0")
    let process = try ChildProcess(launcher, ["--directory=\(folder.path("device"))"])
    #expect(try await process.waitForExit() == .exited(0))
    #expect(process.output.contains("runtime 1.1.0: run --directory="), "\(process.output)")
  }

  @Test func aTrialIsStartedThreeTimesAndThenGivenUp() async throws {
    try install("1.1.0")
    for left in [2, 1, 0] {
      let output = try await launch()
      #expect(output.hasSuffix(line("runtime 1.1.0")), "\(output)")
      #expect(output.contains("on trial; \(left) more starts"))
    }
    #expect(try await launch() == line("the package's"))
    #expect(try RuntimeStore(directory: folder.path("device")).record().failure.contains("did not confirm itself"))
  }

  @Test func whatIsConfirmedIsStartedFromThenOn() async throws {
    try install("1.1.0")
    try RuntimeStore(directory: folder.path("device")).change { $0.confirm() }
    for _ in 0..<5 { #expect(try await launch() == line("runtime 1.1.0")) }
    try "1.2.0\n".write(toFile: folder.path("package/version"), atomically: false, encoding: .utf8)
    #expect(try await launch() == line("the package's"))
  }

  @Test func aDamagedTrialIsNeverStarted() async throws {
    try install("1.1.0")
    try RuntimeStore(directory: folder.path("device")).change { $0.confirm() }
    try install("1.2.0")
    let library = folder.path("device/runtime/b/libFoundation_Small.so")
    try "damaged".write(toFile: library, atomically: false, encoding: .utf8)
    let output = try await launch()
    #expect(output.hasSuffix(line("runtime 1.1.0")) && output.contains("libFoundation_Small.so"), "\(output)")
    let record = try RuntimeStore(directory: folder.path("device")).record()
    #expect(record.trial == nil && record.failedVersion == RuntimeVersion("1.2.0"))
  }

  @Test func whatTheKernelCanNotRunIsGivenUp() async throws {
    try install("1.1.0", text: "neither a program nor a script")
    let output = try await launch()
    #expect(output.hasSuffix(line("the package's")) && output.contains("can't start"), "\(output)")
    #expect(try RuntimeStore(directory: folder.path("device")).record().trial == nil)
  }

  /// Nobody could count how often it was started.
  @Test func withoutARecordThatCanBeWrittenNothingIsTried() async throws {
    try install("1.1.0")
    for fault in ["fdatasync:error=EIO", "pwrite64:error=ENOSPC"] {
      let process = try ChildProcess(
        "strace",
        ["-f", "-qq", "-o", "/dev/null", "-e", "inject=\(fault)", launcher, "--directory", folder.path("device")])
      #expect(try await process.waitForExit() == .exited(0))
      #expect(process.output.hasSuffix(line("the package's")), "\(process.output)")
    }
    // What failed may have been written all the same, and then counts.
    #expect(try RuntimeStore(directory: folder.path("device")).record().startsLeft >= 1)
  }
}

import FirmwareImage
import Foundation
import Foundations
import PostgreSQL
import RootDocument
import ServiceKit
import TestSupport
import Testing
import TextFormats

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryServer
@testable import RegistryStorage

/// The commands around keys and root documents, against the executable.
@Suite(.seated) struct TrustCommandTests {
  private let folder: TemporaryFolder
  private let process: ChildProcess
  private let endpoint: String

  init() async throws {
    folder = try TemporaryFolder("trust-commands")
    let (http, rpc, operations) = (try FreePort(), try FreePort(), try FreePort())
    endpoint = "tcp://127.0.0.1:\(rpc.number)"
    process = try ChildProcess(
      product("xtblish-registry"), ["serve"],
      environment: [
        "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": try await PostgresServer.shared().createDatabase(),
        "XTBLISH_REGISTRY_HTTP_LISTEN": "127.0.0.1:\(http.number)", "XTBLISH_REGISTRY_RPC_LISTEN": endpoint,
        "XTBLISH_REGISTRY_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
        "XTBLISH_NOTIFIER_ENDPOINTS": "tcp://127.0.0.1:1",
        "XTBLISH_REGISTRY_DIRECTOR_DIRECTORY": folder.path("director"),
      ], inheritsEnvironment: false)
    let (endpoint, folder) = (endpoint, folder)
    try await eventually { try await Self.run(endpoint, folder, ["director", "list"]).status == .exited(0) }
  }

  private static func run(
    _ endpoint: String, _ folder: TemporaryFolder, _ arguments: [String]
  ) async throws -> (status: ProcessEnding, output: String) {
    let child = try ChildProcess(
      product("xtblish-registry"), arguments,
      environment: ["XTBLISH_INSECURE": "true", "XTBLISH_REGISTRY_ENDPOINTS": endpoint], inheritsEnvironment: false)
    return (try await child.waitForExit(), child.output)
  }

  private func run(_ arguments: String...) async throws -> (status: ProcessEnding, output: String) {
    try await Self.run(endpoint, folder, arguments)
  }

  private func json(_ arguments: String...) async throws -> JSONValue {
    let (status, output) = try await Self.run(endpoint, folder, arguments + ["--json"])
    try #require(status == .exited(0), "\(output)")
    return try #require(JSONValue(parsing: Array(output.utf8)))
  }

  @Test func fromTheFirstDocumentToAnotherDirector() async throws {
    let publisher = folder.path("publisher.key")
    let key = try SigningKeyFile.create(publisher)
    let roots = folder.path("roots")
    let made = try await json(
      "root", "init", "--out-keys", roots, "--keys", "3", "--threshold", "2", "--add-publisher", publisher + ".pub",
      "--app", "sensor")
    #expect(made["version"] == .integer(1))
    let again = try await run("root", "init", "--out-keys", folder.path("others"))
    #expect(again.status == .exited(1))
    #expect(again.output.contains("root update"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("others")))

    let shown = try await run("root", "show", "--out", folder.path("1.json"))
    #expect(shown.output.contains("\(key.id) for sensor"), "\(shown.output)")
    let first = try RootDocumentFile.read(folder.path("1.json"))
    #expect(shown.output.contains(try first.pin().hex))

    // One key is too few; the threshold of two is enough.
    let few = try await run("root", "update", "--key", "\(roots)/root-1.key")
    #expect(few.status == .exited(65))
    #expect(few.output.contains("needs 2"), "\(few.output)")
    let rotated = try await json("director", "rotate")
    #expect(rotated["state"] == .string("next"))
    let updated = try await run(
      "root", "update", "--add-publisher", publisher + ".pub", "--app", "valve", "--key", "\(roots)/root-1.key",
      "--key", "\(roots)/root-3.key")
    #expect(updated.status == .exited(0), "\(updated.output)")
    #expect(updated.output.contains("\(key.id) for sensor, valve"))
    let listed = try await run("director", "list")
    #expect(listed.output.contains("active") && listed.output.contains("retired"))

    var chain = try RootDocumentChain(pinnedTo: first.pin(), first: first.encoded)
    #expect(try await run("root", "show", "--out", folder.path("2.json")).status == .exited(0))
    try chain.append(RootDocumentFile.read(folder.path("2.json")).encoded)
    #expect(chain.latest.document.directors.count == 2)
    #expect(try await process.stop() == .exited(0))
  }

  /// Root keys at two people, who each sign the file.
  @Test func aDocumentTravelsToItsSignatures() async throws {
    let roots = folder.path("roots")
    _ = try await json("root", "init", "--out-keys", roots, "--keys", "2", "--threshold", "2")
    let file = folder.path("next.json")
    #expect(try await run("root", "draft", "--out", file, "--expires", "30d").status == .exited(0))
    #expect(try await run("root", "publish", file).status == .exited(65))
    #expect(try await run("root", "sign", file, "--key", "\(roots)/root-1.key").status == .exited(0))
    #expect(try await run("root", "sign", file, "--key", "\(roots)/root-1.key").status == .exited(0))
    #expect(try await run("root", "publish", file).status == .exited(65))
    #expect(try await run("root", "sign", file, "--key", "\(roots)/root-2.key").status == .exited(0))
    #expect(try await run("root", "publish", file).status == .exited(0))
    #expect(try await run("root", "show", "2").output.contains("2 of 2"))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(roots)/root-1.key")
    let open = try await run("root", "sign", file, "--key", "\(roots)/root-1.key")
    #expect(open.status != .exited(0))
    #expect(open.output.contains("chmod 600"))
    #expect(try await process.stop() == .exited(0))
  }
}

@Suite(.seated) struct DirectorSettingsTests {
  private func signing(_ environment: [String: String], isInsecure: Bool) throws -> AssignmentSigning {
    let required = ["XTBLISH_DATABASE_URL": "postgresql://127.0.0.1/x", "XTBLISH_INSECURE": "true"]
    return try RegistrySettings.load(environment: required.merging(environment) { $1 }).settings
      .signing(isInsecure: isInsecure)
  }

  /// Nobody gets unsigned assignments by leaving something out.
  @Test func withoutAFolderForKeysItDoesNotStart() throws {
    let error = #expect(throws: SettingsError.self) { try signing([:], isInsecure: false) }
    #expect(error?.problems.first?.message.contains("XTBLISH_REGISTRY_DIRECTOR_DIRECTORY") == true)
    guard case .none = try signing([:], isInsecure: true) else {
      Issue.record("an insecure Registry signs with keys that it can't keep")
      return
    }
    let folder = ["XTBLISH_REGISTRY_DIRECTOR_DIRECTORY": "/nonexistent"]
    guard case .director(_, requiresRootDocument: true, publishers: _) = try signing(folder, isInsecure: false) else {
      Issue.record("a secure Registry assigns without a root document")
      return
    }
  }
}

import Foundation
import Glibc
import ImageAdmission
import Logging
import TestSupport
import Testing
import WebAssemblyModule

/// What the engine says of a module's code, from a process of its own.
@Suite(.seated) struct EngineCodeCheckTests {
  private let folder: TemporaryFolder
  private let check: EngineCodeCheck

  init() throws {
    folder = try TemporaryFolder("xtblish-code-check")
    // Under a name of its own, by which this test's processes are found.
    symlink(try product("xtblish-code-check"), folder.path("program"))
    check = EngineCodeCheck(
      executable: folder.path("program"), engine: "\(try productsDirectory())/libwasmtime.so",
      logger: Logger(label: "test"))
  }

  private func look(at bytes: [UInt8], name: String = "module") async throws {
    try Data(bytes).write(to: URL(filePath: folder.path(name)))
    let descriptor = open(folder.path(name), O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    try await check.check(descriptor)
  }

  private static let valid = "(module (func (export \"xtb_init\") (result i32) i32.const 0))"
  /// The sections are in order, and the function gives a number of the wrong type.
  private static let invalid =
    wasmPreamble + wasmSection(1, [1, 0x60, 0, 1, 0x7F]) + wasmSection(3, [1, 0])
    + wasmSection(10, [1, 4, 0, 0x42, 0, 0x0B])

  @Test func validCodePasses() async throws {
    try await look(at: assemble(Self.valid))
  }

  @Test func invalidCodeIsRefusedInTheEnginesWords() async throws {
    let problem = await #expect(throws: AppProblem.self) { try await look(at: Self.invalid) }
    #expect("\(problem.map { "\($0)" } ?? "")".contains("type mismatch"), "\(String(describing: problem))")
  }

  @Test func manyModulesAtOnceGetEachTheirOwnVerdict() async throws {
    let valid = try await assemble(Self.valid)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          if number.isMultiple(of: 2) {
            try await look(at: valid, name: "\(number)")
          } else {
            await #expect(throws: AppProblem.self) { try await look(at: Self.invalid, name: "\(number)") }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aProgramThatWasKilledIsStartedAgain() async throws {
    try await look(at: assemble(Self.valid))
    let before = try await program()
    kill(before, SIGKILL)
    await #expect(throws: AppProblem.self) { try await look(at: Self.invalid) }
    #expect(try await program() != before)
  }

  /// Otherwise no alarm would end a copy that hangs.
  @Test func itsProgramHasNoSignalBlocked() async throws {
    try await look(at: assemble(Self.valid))
    let process = try await program()
    let status = try String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)
    #expect(status.contains("SigBlk:\t0000000000000000\n"), "\(status)")
  }

  /// What a device would find out is not the sender's fault here.
  @Test func withoutItsProgramEverythingPasses() async throws {
    unlink(folder.path("program"))
    try await look(at: Self.invalid)
  }

  private func program() async throws -> pid_t {
    let list = try ChildProcess("pgrep", ["--oldest", "--full", folder.path("program")])
    _ = try await list.waitForExit()
    return try #require(pid_t(list.output.trimmingCharacters(in: .whitespacesAndNewlines)))
  }
}

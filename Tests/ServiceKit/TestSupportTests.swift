import Glibc
import TestSupport
import Testing

/// The servers and tools that the other tests stand on.
@Suite(.seated) struct TestSupportTests {
  @Test func postgresComesBackWithItsDataAfterAKill() async throws {
    let server = try await PostgresServer()
    try await server.execute("create table kept (n int); insert into kept values (42)")
    try await server.kill()
    #expect(!server.isRunning)
    try await server.start()
    #expect(try await server.execute("select n from kept") == "42\n")
    try await server.stop()
    #expect(!server.isRunning)
  }

  @Test func everyTestGetsItsOwnDatabase() async throws {
    let server = try await PostgresServer.shared()
    let first = try await server.createDatabase()
    let second = try await server.createDatabase()
    #expect(first != second)
    #expect(try await PostgresServer.shared() === server)
  }

  @Test func mosquittoRestartsOnItsPort() async throws {
    let broker = try await MosquittoServer()
    try await runProgram(
      "mosquitto_pub",
      ["-h", broker.host, "-p", String(broker.port), "-t", "/kept", "-m", "still here", "-r", "-q", "1"])
    try await broker.restart()
    let output = try await runProgram(
      "mosquitto_sub", ["-h", broker.host, "-p", String(broker.port), "-t", "/kept", "-C", "1", "-W", "10"])
    #expect(output == "still here\n")
    try await broker.kill()
    #expect(!broker.isRunning)
  }

  @Test func childTellsHowItEnded() async throws {
    let exited = try ChildProcess("/bin/sh", ["-c", "echo one; echo two >&2; exit 7"], environment: ["A": "b"])
    #expect(try await exited.waitForExit() == .exited(7))
    #expect(exited.output == "one\ntwo\n")
    // Sleeps: the program runs until the test ends it.
    let killed = try ChildProcess("/bin/sh", ["-c", "echo ready; exec sleep 600"])
    try await killed.waitForLine(containing: "ready")
    killed.kill(SIGTERM)
    #expect(try await killed.waitForExit() == .signalled(SIGTERM))
    await #expect(throws: TestFailure.self) { try await killed.waitForLine(containing: "never written") }
  }

  @Test func childHasOnlyItsOwnDescriptorsAndFolder() async throws {
    let folder = try TemporaryFolder()
    let inherited = open("/dev/null", O_RDONLY)
    defer { close(inherited) }
    let output = try await runProgram(
      "/bin/sh", ["-c", "pwd; echo /proc/$$/fd/*"], environment: ["LC_ALL": "C"], workingFolder: folder.path)
    let lines = output.split(separator: "\n")
    #expect(lines.first == folder.path[...])
    // 0, 1 and 2; and what the shell opened to list them, if it did.
    #expect(lines.last.map { $0.split(separator: " ").count <= 4 } == true, "\(output)")
  }

  @Test func childDiesWithTheProcessThatStartedIt() async throws {
    // A test process is played by a shell that starts a child under the watchdog's rule: end of its socket.
    var child: ChildProcess? = try ChildProcess("sleep", ["600"])
    let identifier = try #require(child?.processIdentifier)
    child = nil
    try await eventually("the end of the child") { Glibc.kill(identifier, 0) != 0 }
  }

  @Test func temporaryFolderGoesWithItsContents() throws {
    var folder: TemporaryFolder? = try TemporaryFolder()
    let path = try #require(folder?.path)
    try writeFile("\(path)/a", "text")
    #expect(readFile("\(path)/a") == "text")
    folder = nil
    #expect(access(path, F_OK) != 0)
  }

  @Test func portsDiffer() throws {
    let ports = try (0..<50).map { _ in try FreePort() }
    #expect(Set(ports.map(\.number)).count == 50)
    #expect(ports.allSatisfy { (10_000..<32_000).contains($0.number) })
  }

  @Test func waitingGivesUp() async {
    await #expect(throws: TestFailure.self) {
      try await eventually(within: .milliseconds(50)) { false }
    }
  }
}

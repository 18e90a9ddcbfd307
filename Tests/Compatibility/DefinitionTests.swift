import TestSupport
import Testing

/// What the `.proto` files said in the last release still holds, also for what nobody happened to send while it was
/// recorded.
@Suite(.seated) struct DefinitionTests {
  @Test func noMessageFieldOrRequestOfTheLastReleaseIsGoneOrAnother() async throws {
    let check = try ChildProcess(
      PythonEnvironment.interpreter(),
      ["\(packageDirectory())/Tests/Compatibility/definitions", Recorded.path("protocols.set")])
    #expect(try await check.waitForExit() == .exited(0), "\(check.output)")
  }
}

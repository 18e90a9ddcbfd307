import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The short forms of what `make disaster` runs: programs in Tests/Deployment that start whole systems.
  @Suite(.seated, .serialized)
  struct DisasterTests {
    private func passes(_ check: String, _ arguments: String...) async throws {
      let result = try await command(
        "python3", ["\(Stack.package)/Tests/Deployment/\(check)"] + arguments,
        environment: ["XTBLISH_BINARIES": try productsDirectory()], within: .seconds(300))
      #expect(result.status == 0, "\(result.output.suffix(3000))\n\(result.errors.suffix(3000))")
    }

    /// A backup that is made under a stream of deployments brings a lost machine back, and devices go on as they were.
    @Test
    func whatIsLostWithTheMachineComesBackFromABackup() async throws {
      try await passes("restore.py", "--devices", "1", "--deployments", "3", "--short")
    }

    /// What a process of the stack writes without end takes a bounded room, and its newest lines are kept.
    @Test
    func theStacksLogsAreBounded() async throws {
      try await passes("logs.py")
    }
  }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct AttackTests {
    /// More than 150 attacks on running processes are refused, each for the right reason.
    @Test
    func everyAttackIsRefusedForTheRightReason() async throws {
      try await Stack.run(devices: 2) { stack in
        let app = try await App.make("attacked", in: stack.folder)
        var environment = stack.settings
        environment["ATTACK_APP"] = app.path
        let result = try await command(
          try PythonEnvironment.interpreter(),
          ["\(Stack.package)/Tests/EndToEnd/attacks/run.py", stack.folder.path("stack.env")], environment: environment,
          within: .seconds(400))
        let failed = result.output.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(result.status == 0, "\(failed.joined(separator: "\n"))\n\(result.errors)")
        #expect(result.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }.count > 150, "\(result.output)")
      }
    }
  }
}

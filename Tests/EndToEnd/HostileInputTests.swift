import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct HostileInputTests {
    /// Malformed HTTP, ZeroMQ and MQTT gets a clear answer, and every process lives on.
    @Test
    func malformedInputIsAnsweredAndEveryProcessLivesOn() async throws {
      try await Stack.run(devices: 1) { stack in
        let app = try await App.make("after", in: stack.folder)
        let result = try await command(
          try PythonEnvironment.interpreter(),
          ["\(Stack.package)/Tests/EndToEnd/hostile.py", stack.folder.path("stack.env"), app.path],
          within: .seconds(300))
        let failed = result.output.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(result.status == 0, "\(failed.joined(separator: "\n"))\n\(result.errors)")
        #expect(result.output.split(separator: "\n").count > 40)
        // Nothing that was refused left bytes behind.
        let kept = try await mustSucceed("find", [stack.folder.path("images"), "-type", "f"])
        let blobs = kept.split(separator: "\n").filter { !$0.hasSuffix(".lock") }
        #expect(blobs.count == 1, "\(kept)")
      }
    }
  }
}

import Foundation
import TestSupport
import Testing
import Wire

/// What is written from the `.proto` files beside these files.
@Suite(.seated) struct ProtocolFileTests {
  @Test func theTableOfCallersSaysWhatTheServicesDeclare() async throws {
    let generator = try ChildProcess(
      PythonEnvironment.interpreter(),
      ["\(packageDirectory())/Sources/Shared/Wire/Protocols/services.py", "--check"])
    #expect(try await generator.waitForExit() == .exited(0), "\(generator.output)")
  }

  @Test func whatAServiceDeclaresHasCallers() {
    #expect(WireAssignImage.callers == .imageStore)
    #expect(WireGetStatus.callers == [.services, .operator, .monitor])
    #expect(WireDeleteDevice.isIdempotent == false)
  }
}

import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import RegistryClient

@Suite(.seated) struct DeploymentTraceTextTests {
  private static let trace: WireDeploymentTrace = {
    var trace = WireDeploymentTrace()
    trace.version = 7
    trace.traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    trace.requestID = "build-7"
    trace.beganAt.seconds = 1_790_000_000
    trace.steps = [
      ("received", "image-store", 1_250, 1_250), ("assigned", "registry", 2_500, 1_250),
      ("first-line", "app-host", 10_000, 7_500), ("of-another-release", "device", 12_000, 2_000),
    ].map { name, program, at, took in
      var step = WireDeploymentStep()
      (step.name, step.program) = (name, program)
      (step.atMicroseconds, step.tookMicroseconds) = (UInt64(at), UInt64(took))
      return step
    }
    trace.firstLineMicroseconds = 10_000
    trace.imageBytes = 2_048
    return trace
  }()

  @Test func stepsAreATableWithTheirSharesOfTheWayToTheFirstLine() {
    #expect(
      DeploymentTraceDocument(Self.trace).report(columns: 80) == """
        version 7, an image of 2 KiB, begun at 2026-09-21T14:13:20.000Z
        trace 4bf92f3577b34da6a3ce929d0e0e4736
        request build-7
        STEP                     PROGRAM       AT MS  TOOK MS   SHARE
        the body is received     image-store   1.250    1.250  12.5 %
        the version is assigned  registry      2.500    1.250  12.5 %
        the app's first line     app-host     10.000    7.500  75.0 %
        of-another-release       device       12.000    2.000       -
        the app's first line was there after 10.000 ms

        """)
  }

  @Test func whatIsNotKnownIsSaid() {
    var trace = Self.trace
    trace.firstLineMicroseconds = 0
    trace.steps.removeLast(2)
    let text = DeploymentTraceDocument(trace).report()
    #expect(text.contains("first line was there is not known"))
    #expect(!text.contains("%"))
    trace.steps = []
    #expect(DeploymentTraceDocument(trace).report().contains("not known: the registry kept no times"))
  }
}

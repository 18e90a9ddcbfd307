import Foundations
import TestSupport
import Testing

@Suite(.seated) struct TraceContextTests {
  private static let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func validOnesAreKept() throws {
    let context = try #require(TraceContext(Self.text))
    #expect(context.description == Self.text)
    #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && context.spanID == "00f067aa0ba902b7")
    #expect(context.isSampled && context.parentSpanID == nil)
    #expect(TraceContext("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra") != nil)
    #expect(TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")?.isSampled == false)
  }

  @Test func aChildIsAnotherSpanOfTheSameTrace() throws {
    let context = try #require(TraceContext(Self.text, requestID: "build-7"))
    let child = context.child()
    #expect(child.traceID == context.traceID && child.isSampled && child.requestID == "build-7")
    #expect(child.spanID != context.spanID && child.parentSpanID == context.spanID)
  }

  @Test func aNewOneIsValidAndNotSampledUnlessAskedFor() {
    let context = TraceContext()
    #expect(TraceContext(context.description)?.traceID == context.traceID)
    #expect(!context.isSampled && TraceContext(isSampled: true).isSampled)
    #expect(context.traceID != TraceContext().traceID)
  }

  @Test(arguments: [
    "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
    "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", "00-４bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
  ])
  func othersAreNot(_ text: String) {
    #expect(TraceContext(text) == nil)
  }

  @Test func aRequestIsNamedByPlainTextAlone() {
    #expect(TraceContext(Self.text, requestID: "a.B-3_x")?.requestID == "a.B-3_x")
    for name in ["", "a b", "a\nb", "ü", String(repeating: "a", count: 65)] {
      #expect(TraceContext(Self.text, requestID: name)?.requestID == "", "\(name)")
    }
  }

  @Test func whatATaskDoesFindsTheContextThatWasBound() async {
    let context = TraceContext()
    await TraceContext.$current.withValue(context) {
      async let below = TraceContext.current
      #expect(await below == context)
    }
    #expect(TraceContext.current == nil)
  }
}

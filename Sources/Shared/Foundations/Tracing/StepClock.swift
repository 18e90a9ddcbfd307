import Synchronization

/// Measures the steps of what a task does, by the monotonic clock: ``note(_:)`` says that one is done, wherever below the
/// code is that does it.
package final class StepClock: Sendable {
  /// What the task's steps are measured by; nil: nobody measures them.
  @TaskLocal package static var current: StepClock?

  /// A step that is done: its `name`, in kebab-case, and how long after the beginning that was (`elapsed`).
  package struct Mark: Sendable, Equatable {
    package let name: String
    package let elapsed: Duration
  }

  /// How many steps are noted; further ones are left out.
  private static let maximumMarks = 16

  /// When the first step began.
  package let began: ContinuousClock.Instant
  private let noted = Mutex<[Mark]>([])

  package init(began: ContinuousClock.Instant) {
    self.began = began
  }

  /// The steps that are done, in their order.
  package var marks: [Mark] { noted.withLock { $0 } }

  /// Records each step as a span below that of what the task does.
  package func recordSpans() {
    guard let trace = TraceContext.current, SpanRecording.wants(trace) else { return }
    var before = Duration.zero
    for mark in marks {
      SpanRecording.record(
        TraceSpan(mark.name, .internal, in: trace.child(), since: began + before, took: mark.elapsed - before),
        in: trace)
      before = mark.elapsed
    }
  }

  /// Notes that a step of what the task does is done now.
  package static func note(_ name: String) {
    current?.note(name, at: .now)
  }

  /// Notes that a step was done at a moment.
  package func note(_ name: String, at moment: ContinuousClock.Instant) {
    noted.withLock { noted in
      if noted.count < Self.maximumMarks { noted.append(Mark(name: name, elapsed: moment - began)) }
    }
  }
}

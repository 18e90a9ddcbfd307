import Synchronization

/// Takes spans that have ended, to bring them somewhere.
package protocol SpanRecorder: Sendable {
  /// Which share of the traces that begin here is to be exported, from 0 to 1.
  var sampleRatio: Double { get }

  /// Takes a span of a sampled trace. Must not block, and may drop it.
  func record(_ span: TraceSpan)
}

/// Where the process's spans go. There is one place for all, as for its log lines; without one, none are made.
package enum SpanRecording {
  private static let recorder = Mutex<(any SpanRecorder)?>(nil)
  /// Most processes record nothing, and should not meet at a lock to find that out.
  private static let isOn = Atomic(false)

  /// Gives all further spans of the process to the recorder; nil: to nobody.
  package static func use(_ recorder: (any SpanRecorder)?) {
    self.recorder.withLock { $0 = recorder }
    isOn.store(recorder != nil, ordering: .releasing)
  }

  /// Whether a trace that begins now is to be exported.
  package static func decideToSample() -> Bool {
    guard isOn.load(ordering: .acquiring), let recorder = recorder.withLock({ $0 }) else { return false }
    return recorder.sampleRatio >= 1 || .random(in: 0..<1) < recorder.sampleRatio
  }

  /// Whether spans of the trace are recorded. Ask before making one.
  package static func wants(_ context: TraceContext?) -> Bool {
    isOn.load(ordering: .acquiring) && context?.isSampled ?? false
  }

  /// Records the span, if spans of its trace are recorded.
  package static func record(_ span: @autoclosure () -> TraceSpan, in context: TraceContext?) {
    guard wants(context), let recorder = recorder.withLock({ $0 }) else { return }
    recorder.record(span())
  }
}

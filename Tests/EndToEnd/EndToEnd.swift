import TestSupport
import Testing

/// Whole systems of real processes: one after the other, so that each has the machine to itself.
@Suite(.seated, .serialized)
enum EndToEnd {}

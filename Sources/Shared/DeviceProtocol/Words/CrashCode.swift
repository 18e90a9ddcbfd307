/// Why an app ended that was not asked to end; the raw value is the `code` of a crash report.
package enum CrashCode: String, Sendable, Hashable, CaseIterable {
  // Traps, by the engine's names.
  case unreachable
  case stackOverflow = "stack-overflow"
  case memoryOutOfBounds = "memory-out-of-bounds"
  case heapMisaligned = "heap-misaligned"
  case tableOutOfBounds = "table-out-of-bounds"
  case indirectCallToNull = "indirect-call-to-null"
  case badSignature = "bad-signature"
  case integerOverflow = "integer-overflow"
  case integerDivisionByZero = "integer-division-by-zero"
  case badConversionToInteger = "bad-conversion-to-integer"
  /// The engine was told to stop the code.
  case interrupt
  case outOfFuel = "out-of-fuel"
  /// A function of the host ended the app.
  case host

  // Ends of the app's process.
  /// A call into the app took longer than it may.
  case deadlineExceeded = "deadline-exceeded"
  /// The app armed its watchdog and did not feed it in time.
  case watchdogMissed = "watchdog-missed"
  /// `proc_exit` with a status other than 0.
  case exited
  /// The module is damaged, an import is missing, or the app refused to start.
  case startFailed = "start-failed"
  /// The process was ended by a signal that the agent did not send.
  case killed
  /// The process around the app failed.
  case hostFailed = "host-failed"
}

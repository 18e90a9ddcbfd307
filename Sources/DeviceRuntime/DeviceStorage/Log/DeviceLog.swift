import DeviceProtocol
package import Foundations

/// The lines that the app and the agent wrote, in a ring of segment files on the flash, and the newest in memory.
///
/// Not synced line by line: a power cut may cost the last of them, and a flash is worn by every sync. Only lines that
/// are to be sent are made durable first, so that after a cut no other line gets the ID of one that somebody has. A
/// flash that fails or is full costs lines on the flash, never the app.
package actor DeviceLog {
  /// How much of the log is kept: `segments` files of `segmentBytes` each on the flash, and the newest `linesInMemory`
  /// lines in memory.
  package struct Limits: Sendable {
    var segmentBytes: UInt64
    var segments: Int
    var linesInMemory: Int

    package init(segmentBytes: UInt64 = 128 << 10, segments: Int = 8, linesInMemory: Int = 500) {
      self.segmentBytes = segmentBytes
      self.segments = segments
      self.linesInMemory = linesInMemory
    }
  }

  /// At most so many lines in one answer of `read`.
  static let maximumPage = 1000

  let flash: any Flash
  private let limits: Limits
  private nonisolated let executor = BlockingExecutor(label: "device-log")
  var segments: DeviceLogSegments
  private var recent: [DeviceLogLine] = []
  private(set) var lastID: UInt64 = 0
  private var waiters: [ObjectIdentifier: TaskSignal] = [:]

  /// This run of the agent: what tells its lines from those of another run that had the same IDs, when the flash is an
  /// old copy.
  let run = RandomName.make()
  private(set) var runAfter: UInt64 = 0
  var nextRenaming = ContinuousClock.now

  var state = DeviceLogState()
  /// What the flash holds of `state`.
  var savedState: DeviceLogState?
  var nextSave = ContinuousClock.now
  /// Lines up to this ID were given up in this run.
  var setAsideThrough: UInt64 = 0
  /// The flash failed: lines may be in memory alone, so that their IDs may come again after a restart. They are told
  /// as those of another log, which ends with this run.
  var isVolatile = false
  /// The signal that every line wakes.
  private var observer: TaskSignal?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(flash: any Flash, limits: Limits = Limits()) {
    self.flash = flash
    self.limits = limits
    segments = DeviceLogSegments(flash: flash, limits: limits)
  }

  /// Reads what earlier runs left. To be called before anything else.
  package func open() throws(FlashError) {
    try segments.open()
    recent = segments.newestLines().suffix(limits.linesInMemory)
    lastID = max(recent.last?.id ?? 0, segments.isEmpty ? 0 : segments.lastSegmentFirstID - 1)
    runAfter = lastID
    openState()
  }

  /// Adds a line to the log, on the flash if it takes it and in memory.
  ///
  /// - Returns: the line's ID.
  @discardableResult
  package func append(
    level: String, source: String, firmwareVersion: UInt64, realtimeNanoseconds: UInt64, monotonicNanoseconds: UInt64,
    text: String
  ) -> UInt64 {
    lastID += 1
    let line = DeviceLogLine(
      id: lastID, realtimeNanoseconds: realtimeNanoseconds, monotonicNanoseconds: monotonicNanoseconds, level: level,
      source: source, firmwareVersion: firmwareVersion,
      text: text.prefixOfUTF8(DeviceLimit.logLineTextBytes.value).onOneLine)
    recent.append(line)
    // Dropped in batches, as each drop moves all the rest.
    if recent.count > limits.linesInMemory + limits.linesInMemory / 4 {
      recent.removeFirst(recent.count - limits.linesInMemory)
    }
    // A line that the flash does not take is in memory; the next one tries again.
    do throws(FlashError) { try segments.append(line) } catch { becomeVolatile() }
    observer?.wake()
    for waiter in waiters.values { waiter.wake() }
    waiters = [:]
    return lastID
  }

  /// A page of lines, for whoever shows the log.
  ///
  /// - Parameters:
  ///   - after: lines with a higher ID, oldest first.
  ///   - newest: the newest page instead, whatever `after` says.
  ///   - wait: if there is none, wait this long for one.
  package func read(
    after id: UInt64, count: Int, newest: Bool = false, wait: Duration = .zero
  ) async -> (lines: [DeviceLogLine], lastID: UInt64) {
    let count = max(1, min(count, Self.maximumPage))
    if newest { return (newestLines(count), lastID) }
    // An ID from before the log was lost: whoever follows it must not wait for the numbers to catch up.
    let id = min(id, lastID)
    if id == lastID, wait > .zero, waiters.count < 32 {
      let signal = TaskSignal()
      waiters[ObjectIdentifier(signal)] = signal
      await signal.wait(upTo: wait)
      waiters[ObjectIdentifier(signal)] = nil
    }
    return (lines(after: id, count: count), lastID)
  }

  /// Has every new line wake the signal.
  package func observe(with signal: TaskSignal) { observer = signal }

  func newestLines(_ count: Int) -> [DeviceLogLine] {
    if recent.count >= count { return Array(recent.suffix(count)) }
    return lines(after: lastID > UInt64(count) ? lastID - UInt64(count) : 0, count: count)
  }

  /// The lines after that ID, oldest first. Between two of them IDs are missing where lines were lost.
  func lines(after id: UInt64, count: Int) -> [DeviceLogLine] {
    if let first = recent.first, first.id <= id + 1 {
      return Array(recent.drop { $0.id <= id }.prefix(count))
    }
    var found = segments.lines(after: id, count: count)
    // Lines that the flash did not take are still in memory.
    if found.count < count { found += recent.drop { $0.id <= max(id, found.last?.id ?? 0) } }
    return Array(found.prefix(count))
  }
}

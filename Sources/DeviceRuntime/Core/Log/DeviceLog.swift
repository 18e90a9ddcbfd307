/// The lines that the app and the agent wrote, in a ring of segment files on the flash, and the newest in memory.
///
/// Not synced line by line: a power cut may cost the last of them, and a flash is worn by every sync. A flash that
/// fails or is full costs lines on the flash, never the app.
package actor DeviceLog {
  package struct Limits: Sendable {
    package var segmentBytes: UInt64
    package var segments: Int
    package var linesInMemory: Int

    package init(segmentBytes: UInt64 = 128 << 10, segments: Int = 8, linesInMemory: Int = 2000) {
      self.segmentBytes = segmentBytes
      self.segments = segments
      self.linesInMemory = linesInMemory
    }
  }

  package static let maximumPage = 1000

  private let flash: any Flash
  private let limits: Limits
  private nonisolated let executor = BlockingExecutor(label: "device-log")
  /// First line's ID and size, oldest first; the last one is written to.
  private var segments: [Segment] = []
  private var recent: [DeviceLogLine] = []
  private var lastID: UInt64 = 0
  private var waiters: [ObjectIdentifier: TaskSignal] = [:]

  private struct Segment {
    var firstID: UInt64
    var sizeBytes: UInt64

    var name: String {
      let digits = String(firstID)
      return "log-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".txt"
    }
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(flash: any Flash, limits: Limits = Limits()) {
    self.flash = flash
    self.limits = limits
  }

  /// Reads what earlier runs left. To be called before anything else.
  package func open() throws(FlashError) {
    for name in try flash.list() where name.hasPrefix("log-") && name.hasSuffix(".txt") {
      guard let firstID = UInt64(name.dropFirst(4).dropLast(4)) else { continue }
      segments.append(Segment(firstID: firstID, sizeBytes: try flash.size(of: name) ?? 0))
    }
    for segment in segments.suffix(2) { recent += lines(of: segment) }
    recent = recent.suffix(limits.linesInMemory)
    lastID = max(recent.last?.id ?? 0, segments.last.map { $0.firstID &- 1 } ?? 0)
    try endBrokenLine()
  }

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
      text: text.prefixOfUTF8(DeviceLogLine.maximumTextBytes).onOneLine)
    recent.append(line)
    // Dropped in batches, as each drop moves all the rest.
    if recent.count > limits.linesInMemory + limits.linesInMemory / 4 {
      recent.removeFirst(recent.count - limits.linesInMemory)
    }
    write(line)
    for waiter in waiters.values { waiter.wake() }
    waiters = [:]
    return lastID
  }

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

  private func newestLines(_ count: Int) -> [DeviceLogLine] {
    if recent.count >= count { return Array(recent.suffix(count)) }
    return lines(after: lastID > UInt64(count) ? lastID - UInt64(count) : 0, count: count)
  }

  private func lines(after id: UInt64, count: Int) -> [DeviceLogLine] {
    if let first = recent.first, first.id <= id + 1 {
      return Array(recent.drop { $0.id <= id }.prefix(count))
    }
    var found: [DeviceLogLine] = []
    for (index, segment) in segments.enumerated() where found.count < count {
      if index + 1 < segments.count, segments[index + 1].firstID <= id + 1 { continue }
      found += lines(of: segment).drop { $0.id <= id }
    }
    // Lines that the flash did not take are still in memory.
    if found.count < count { found += recent.drop { $0.id <= max(id, found.last?.id ?? 0) } }
    return Array(found.prefix(count))
  }

  private func lines(of segment: Segment) -> [DeviceLogLine] {
    let maximum = Int(limits.segmentBytes) + 2 * DeviceLogLine.maximumTextBytes
    guard let size = try? flash.size(of: segment.name),
      let bytes = try? flash.read(segment.name, from: 0, count: min(Int(clamping: size), maximum))
    else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { DeviceLogLine(decoding: $0) }
  }

  private func write(_ line: DeviceLogLine) {
    if segments.last.map({ $0.sizeBytes >= limits.segmentBytes }) ?? true { beginSegment(firstID: line.id) }
    let bytes = line.encoded
    let index = segments.count - 1
    do throws(FlashError) {
      try flash.write(bytes.span.bytes, to: segments[index].name, at: segments[index].sizeBytes)
      segments[index].sizeBytes += UInt64(bytes.count)
    } catch {
      // The line is in memory; the next one tries again.
      return
    }
  }

  private func beginSegment(firstID: UInt64) {
    segments.append(Segment(firstID: firstID, sizeBytes: 0))
    while segments.count > limits.segments {
      try? flash.remove(segments.removeFirst().name)
    }
  }

  /// A power cut may have left half a line at the end: what comes next must not be joined to it.
  private func endBrokenLine() throws(FlashError) {
    guard let last = segments.last, last.sizeBytes > 0 else { return }
    let end = try flash.read(last.name, from: last.sizeBytes - 1, count: 1)
    let lineBreak = [UInt8(ascii: "\n")]
    if end == lineBreak { return }
    try flash.write(lineBreak.span.bytes, to: last.name, at: last.sizeBytes)
    segments[segments.count - 1].sizeBytes += 1
  }
}

import DeviceProtocol

/// The log's lines on the flash: a ring of files, each named after the ID of its first line.
///
/// Lines are not synced one by one, which would wear the flash: a power cut may cost the last of them. `sync()` makes
/// all of them durable.
struct DeviceLogSegments {
  private struct Segment {
    var firstID: UInt64
    var sizeBytes: UInt64
    var isSynced: Bool

    var name: String {
      let digits = String(firstID)
      return "log-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".txt"
    }
  }

  private let flash: any Flash
  private let limits: DeviceLog.Limits
  /// The segments, oldest first; the last one is written to.
  private var segments: [Segment] = []
  private var hasNewNames = false

  init(flash: any Flash, limits: DeviceLog.Limits) {
    self.flash = flash
    self.limits = limits
  }

  private var maximumSegmentBytes: UInt64 { limits.segmentBytes + 2 * UInt64(DeviceLimit.logLineTextBytes.value) }

  var isEmpty: Bool { segments.isEmpty }
  var lastSegmentFirstID: UInt64 { segments.last?.firstID ?? 0 }

  /// Finds what earlier runs left.
  mutating func open() throws(FlashError) {
    for name in try flash.list() where name.hasPrefix("log-") && name.hasSuffix(".txt") {
      guard let firstID = UInt64(name.dropFirst(4).dropLast(4)), firstID > 0 else { continue }
      segments.append(Segment(firstID: firstID, sizeBytes: try flash.size(of: name) ?? 0, isSynced: false))
    }
    // A cut may have brought removed ones back.
    removeOldest(leaving: limits.segments)
    // Whether the names were synced before a cut is not known.
    hasNewNames = !segments.isEmpty
    forgetBrokenLine()
  }

  /// The lines of the two newest segments, oldest first.
  func newestLines() -> [DeviceLogLine] { segments.suffix(2).flatMap { lines(of: $0) } }

  func lines(after id: UInt64, count: Int) -> [DeviceLogLine] {
    var found: [DeviceLogLine] = []
    for (index, segment) in segments.enumerated() where found.count < count {
      if index + 1 < segments.count, segments[index + 1].firstID <= id + 1 { continue }
      found += lines(of: segment).drop { $0.id <= id }
    }
    return found
  }

  mutating func append(_ line: DeviceLogLine) throws(FlashError) {
    if segments.last.map({ $0.sizeBytes >= limits.segmentBytes }) ?? true { beginSegment(firstID: line.id) }
    let bytes = line.encoded
    while true {
      let index = segments.count - 1
      do throws(FlashError) {
        try flash.write(bytes.span.bytes, to: segments[index].name, at: segments[index].sizeBytes)
        segments[index].sizeBytes += UInt64(bytes.count)
        segments[index].isSynced = false
        return
      } catch {
        // On a full flash the oldest lines make room for the newest.
        guard error.kind == .noSpace, segments.count > 1 else { throw error }
        removeOldest(leaving: segments.count - 1)
      }
    }
  }

  /// Makes every line durable.
  mutating func sync() throws(FlashError) {
    for index in segments.indices where !segments[index].isSynced && segments[index].sizeBytes > 0 {
      try flash.sync(segments[index].name)
      segments[index].isSynced = true
    }
    if hasNewNames {
      try flash.syncNames()
      hasNewNames = false
    }
  }

  private mutating func beginSegment(firstID: UInt64) {
    segments.append(Segment(firstID: firstID, sizeBytes: 0, isSynced: true))
    hasNewNames = true
    removeOldest(leaving: limits.segments)
  }

  private mutating func removeOldest(leaving count: Int) {
    while segments.count > count { try? flash.remove(segments.removeFirst().name) }
  }

  private func lines(of segment: Segment) -> [DeviceLogLine] {
    guard let size = try? flash.size(of: segment.name),
      let bytes = try? flash.read(segment.name, from: 0, count: Int(clamping: min(size, maximumSegmentBytes)))
    else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { DeviceLogLine(decoding: $0) }
  }

  /// Has what comes next take the place of half a line that a power cut may have left at the end. Nothing is written
  /// for it, as the flash may be full.
  ///
  /// What can't be read any more makes room for what comes: the app must not wait for an old line.
  private mutating func forgetBrokenLine() {
    guard let last = segments.last, last.sizeBytes > 0 else { return }
    let count = Int(clamping: min(last.sizeBytes, maximumSegmentBytes))
    guard let bytes = try? flash.read(last.name, from: 0, count: count) else {
      try? flash.remove(segments.removeLast().name)
      return
    }
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { UInt64($0) + 1 } ?? 0
    segments[segments.count - 1].sizeBytes = end
  }
}

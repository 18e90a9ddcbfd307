package import DeviceProtocol

/// Crash reports on the flash, each in a file of its own, until the server has them. Bounded: the oldest give way.
package actor CrashStore {
  /// How many reports are kept: a device whose app crashes in a loop tells of the newest.
  static let maximumReports = 20

  private struct Entry {
    var name: String
    var report: CrashReport
    /// The flash did not take it: it is lost at the next restart.
    var isInMemoryOnly: Bool
  }

  private let flash: any Flash
  private nonisolated let executor = BlockingExecutor(label: "device-crashes")
  /// The reports, oldest first.
  private var entries: [Entry] = []
  private var lastNumber: UInt64 = 0

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(flash: any Flash) {
    self.flash = flash
  }

  /// Finds what earlier runs left. To be called before anything else.
  package func open() throws(FlashError) {
    for name in try flash.list() where name.hasPrefix("crash-") {
      guard name.hasSuffix(".json"), let number = UInt64(name.dropFirst(6).dropLast(5)) else {
        // Half a file, of a start that ended while it was written.
        try? flash.remove(name)
        continue
      }
      lastNumber = max(lastNumber, number)
      if let bytes = try? flash.readAll(name, maximumBytes: DeviceLimit.crashBytes.value),
        let report = CrashReport(json: bytes)
      {
        entries.append(Entry(name: name, report: report, isInMemoryOnly: false))
      } else {
        try? flash.remove(name)
      }
    }
    dropOldest(leaving: Self.maximumReports)
  }

  /// Returns when the report is durable, or the flash is broken.
  ///
  /// - Returns: why the report is in memory alone; nil: it is durable.
  @discardableResult
  package func store(_ report: CrashReport) -> FlashError? {
    dropOldest(leaving: Self.maximumReports - 1)
    lastNumber += 1
    var entry = Entry(name: Self.name(lastNumber), report: report, isInMemoryOnly: false)
    var failure: FlashError?
    while true {
      do throws(FlashError) {
        guard let bytes = try? report.json() else { throw FlashError(.failed, "the report can't be encoded") }
        try flash.replace(entry.name, with: bytes)
        failure = nil
        break
      } catch {
        failure = error
        try? flash.remove(entry.name + ".new")
        // On a full flash the oldest reports make room.
        guard error.kind == .noSpace, entries.contains(where: { !$0.isInMemoryOnly }) else { break }
        dropOldest(leaving: entries.count - 1)
      }
    }
    entry.isInMemoryOnly = failure != nil
    entries.append(entry)
    return failure
  }

  /// The reports that the server does not have, oldest first.
  package var waiting: [CrashReport] { entries.map(\.report) }

  /// Removes reports that the server has, by their IDs.
  package func forget(_ ids: Set<String>) {
    entries.removeAll { entry in
      guard ids.contains(entry.report.id) else { return false }
      // Should a power cut bring it back, it is sent again, and stored once.
      try? flash.remove(entry.name)
      return true
    }
  }

  private func dropOldest(leaving count: Int) {
    while entries.count > count { try? flash.remove(entries.removeFirst().name) }
  }

  private static func name(_ number: UInt64) -> String {
    let digits = String(number)
    return "crash-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".json"
  }
}

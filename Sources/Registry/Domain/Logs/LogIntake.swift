import FirmwareImage
package import FoundationEssentials
package import Foundations

/// What the batches of one request add to devices' logs: decided apart from the database, so that every case can be
/// tested.
///
/// The store locks and reads the rows of the logs (`heads`) and how far each was stored (`marks`), has each batch
/// taken, and writes what is touched or changed, and the new `lines`, in the same transaction.
package struct LogIntake: Sendable {
  /// A device's log as its row in the database has it: the row's `number`, the cursor of the newest line
  /// (`lastCursor`, 0 for none), and what its lines take (`sizeBytes`, as ``LogLine/storedBytes`` counts). `hasLines`
  /// is whether there are any now, `isFollowed` whether somebody waits for new ones, and `isTouched` whether a batch
  /// added some.
  package struct Head: Sendable {
    package let number: Int64
    package var lastCursor: UInt64
    package var sizeBytes: Int
    package var hasLines: Bool
    package let isFollowed: Bool

    package init(number: Int64, lastCursor: UInt64, sizeBytes: Int, hasLines: Bool, isFollowed: Bool) {
      self.number = number
      self.lastCursor = lastCursor
      self.sizeBytes = sizeBytes
      self.hasLines = hasLines
      self.isFollowed = isFollowed
    }
    package var isTouched = false
  }

  /// Which of the logs that a device has kept a mark is for: the row of its log (`number`), and the log's name
  /// (`logID`). A device that lost its flash begins another log.
  package struct MarkKey: Hashable, Sendable {
    package var number: Int64
    package var logID: String

    package init(number: Int64, logID: String) {
      self.number = number
      self.logID = logID
    }
  }

  /// How far one of a device's logs is stored: up to the line whose ID is `storedThrough`, which got the cursor
  /// `lastCursor`. `isNew` is true for a mark that the database does not have yet, `isChanged` for one that is to be
  /// written.
  package struct Mark: Sendable {
    package var storedThrough: UInt64
    package var lastCursor: UInt64 = 0
    /// The run of the device's agent that wrote the newest stored lines; 0 if it is not known.
    package var run: UInt64 = 0

    package init(storedThrough: UInt64, lastCursor: UInt64 = 0, run: UInt64 = 0, isNew: Bool = false) {
      self.storedThrough = storedThrough
      self.lastCursor = lastCursor
      self.run = run
      self.isNew = isNew
    }
    package var isNew = false
    package var isChanged = false
  }

  /// A new `line` for the log with that `number`, and the `cursor` it got.
  package struct Entry: Sendable {
    package let number: Int64
    package let cursor: UInt64
    package let line: LogLine

    package init(number: Int64, cursor: UInt64, line: LogLine) {
      self.number = number
      self.cursor = cursor
      self.line = line
    }
  }

  /// The database's clock, which all replicas share.
  package var now = Date(timeIntervalSince1970: 0)
  package var heads: [DeviceID: Head] = [:]
  package var marks: [MarkKey: Mark] = [:]
  package private(set) var lines: [Entry] = []

  package init() {}

  /// Adds the lines of a batch that are new.
  ///
  /// - Returns: how far the log is stored now, and why lines were refused, if some were: the answer to the device.
  package mutating func take(_ batch: ReceivedLogBatch) -> LogVerdict {
    guard var head = heads[batch.device] else {
      return LogVerdict(storedThrough: batch.lastID, refusal: .unknownDevice)
    }
    let key = MarkKey(number: head.number, logID: batch.logID)
    var mark = marks[key] ?? Mark(storedThrough: 0, isNew: true)
    if let run = batch.run, run.id != mark.run, mark.storedThrough > run.after {
      // The log is asked for again and again by a device that forgets at each boot: its mark is the newest of it.
      mark.lastCursor = head.lastCursor
      mark.isChanged = true
      marks[key] = mark
      return LogVerdict(storedThrough: mark.storedThrough, refusal: .idsUsedAgain)
    }
    for line in batch.lines(after: mark.storedThrough) {
      head.lastCursor += 1
      head.sizeBytes += line.storedBytes
      head.isTouched = true
      lines.append(Entry(number: head.number, cursor: head.lastCursor, line: line))
      mark.storedThrough = line.id
      mark.lastCursor = head.lastCursor
      mark.run = batch.run?.id ?? mark.run
      mark.isChanged = true
    }
    heads[batch.device] = head
    if mark.isChanged { marks[key] = mark }
    return LogVerdict(
      storedThrough: max(mark.storedThrough, batch.lastID), refusal: batch.hasRefused ? .invalid : nil)
  }

  /// The logs that got new lines, with the figures to write back.
  package var touchedHeads: [Head] { heads.values.filter(\.isTouched) }

  /// The marks to write back.
  package var changedMarks: [(key: MarkKey, mark: Mark)] {
    marks.filter(\.value.isChanged).map { (key: $0.key, mark: $0.value) }
  }

  /// The logs to which this request brought a mark that was not there: their number of marks has to be kept within
  /// bounds.
  package var numbersWithNewMarks: [Int64] {
    Array(Set(marks.filter { $0.value.isNew && $0.value.isChanged }.map(\.key.number)))
  }

  /// The devices whose log got new lines that somebody waits for.
  package var followedDevices: [DeviceID] { heads.filter { $0.value.isTouched && $0.value.isFollowed }.map(\.key) }

  /// The logs that got new lines and now take more than `limitBytes`: their oldest lines have to go.
  package func numbersOver(_ limitBytes: Int) -> [Int64] {
    heads.values.filter { $0.isTouched && $0.sizeBytes > limitBytes }.map(\.number).sorted()
  }
}

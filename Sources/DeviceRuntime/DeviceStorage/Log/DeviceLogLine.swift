import Foundations

/// One line of the device's log; `text` is what was written, without its line break.
package struct DeviceLogLine: Sendable, Equatable {
  /// The line's number in its log; it grows by one with every line.
  package var id: UInt64
  /// The time of day, since 1970.
  package var realtimeNanoseconds: UInt64
  /// The time since boot.
  package var monotonicNanoseconds: UInt64
  /// The name of a `LogLevel`.
  package var level: String
  /// The name of a `LogSource`.
  package var source: String
  /// The version of the app's image; 0 for lines of no app.
  package var firmwareVersion: UInt64
  package var text: String
}

extension DeviceLogLine {
  /// The line as a segment file has it: fields separated by tabs, text last, so that `less` and `cut` read it too.
  /// First comes the CRC-32 of all that follows it, so that what a power cut left of a line is not taken for one.
  var encoded: [UInt8] {
    let fields = "\(id)\t\(realtimeNanoseconds)\t\(monotonicNanoseconds)\t\(level)\t\(source)\t\(firmwareVersion)\t"
    let content = Array(fields.utf8) + Array(text.utf8)
    return Self.checksum(of: content) + [UInt8(ascii: "\t")] + content + [UInt8(ascii: "\n")]
  }

  /// - Parameter line: without its line break.
  init?(decoding line: ArraySlice<UInt8>) {
    let content = line.dropFirst(9)
    guard line.prefix(9).last == UInt8(ascii: "\t"), line.prefix(8).elementsEqual(Self.checksum(of: content)) else {
      return nil
    }
    let fields = content.split(separator: UInt8(ascii: "\t"), maxSplits: 6, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard fields.count == 7, let id = UInt64(fields[0]), let realtime = UInt64(fields[1]),
      let monotonic = UInt64(fields[2]), let version = UInt64(fields[5])
    else { return nil }
    self.init(
      id: id, realtimeNanoseconds: realtime, monotonicNanoseconds: monotonic, level: fields[3], source: fields[4],
      firmwareVersion: version, text: fields[6])
  }

  /// The CRC-32 as eight hexadecimal digits.
  private static func checksum(of content: some Sequence<UInt8>) -> [UInt8] {
    let digits = Array(String(CRC32.checksum(of: content), radix: 16).utf8)
    return Array(repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
  }
}

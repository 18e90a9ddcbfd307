/// How much of the log is sent, and when.
package struct LogUploadPolicy: Sendable {
  /// From one batch to the next, at least. The first line after a silence does not wait.
  package var pause: Duration
  /// Without an acknowledgement a batch is sent again after this; the pause grows to the second.
  package var firstRepeatPause: Duration
  package var longestRepeatPause: Duration
  /// Of one message. The server takes no more than the standard ones.
  package var batchBytes: Int
  package var batchLines: Int
  /// Over time, and at once.
  package var bytesPerSecond: Int
  package var burstBytes: Int

  package init(
    pause: Duration = .seconds(1), firstRepeatPause: Duration = .seconds(5),
    longestRepeatPause: Duration = .seconds(60), batchBytes: Int = 64 << 10, batchLines: Int = 500,
    bytesPerSecond: Int = 16 << 10, burstBytes: Int = 256 << 10
  ) {
    self.pause = pause
    self.firstRepeatPause = firstRepeatPause
    self.longestRepeatPause = longestRepeatPause
    self.batchBytes = batchBytes
    self.batchLines = batchLines
    self.bytesPerSecond = bytesPerSecond
    self.burstBytes = burstBytes
  }
}

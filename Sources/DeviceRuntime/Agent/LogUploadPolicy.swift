import DeviceProtocol

/// How much of the log is sent, and when.
struct LogUploadPolicy: Sendable {
  /// The shortest time from one batch to the next. The first line after a silence does not wait.
  var pause: Duration
  /// A batch that is not acknowledged is sent again after this.
  var firstRepeatPause: Duration
  /// What that time grows to.
  var longestRepeatPause: Duration
  /// The largest message. The server takes no more than the standard bytes and lines.
  var batchBytes: Int
  /// The most lines of one message.
  var batchLines: Int
  /// How much is sent over time.
  var bytesPerSecond: Int
  /// How much is sent at once after a silence.
  var burstBytes: Int

  init(
    pause: Duration = .seconds(1), firstRepeatPause: Duration = .seconds(5),
    longestRepeatPause: Duration = .seconds(60), batchBytes: Int = DeviceLimit.logBytes.value,
    batchLines: Int = DeviceLimit.logLines.value,
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

/// How long a device took to get to a version: the `timing` of ``StateMessage``. All times are of the device's monotonic
/// clock, in microseconds since the notification of the version reached it; missing: not measured.
package struct DeploymentTimingMessage: Codable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case version, parentSpan, imageBytes, headChecked, downloadBegun, downloaded, verified, staged, processStarted,
      firstLine,
      switched, confirmed, reported
  }

  /// The version that it is about.
  package var version: UInt64
  /// The span of the notification's `traceparent`: 16 hexadecimal digits.
  package var parentSpan: String?
  /// The size of the image that was fetched.
  package var imageBytes: UInt64?
  /// The image's head was fetched and judged: the notification is true.
  package var headChecked: UInt64?
  /// The first bytes of the image are asked for.
  package var downloadBegun: UInt64?
  /// All bytes of the image are here.
  package var downloaded: UInt64?
  /// The image is verified.
  package var verified: UInt64?
  /// The image is in its slot.
  package var staged: UInt64?
  /// The app's process has been told what to run.
  package var processStarted: UInt64?
  /// The app's first line was logged.
  package var firstLine: UInt64?
  /// The app took over from the one before it.
  package var switched: UInt64?
  /// The version is confirmed.
  package var confirmed: UInt64?
  /// This report was made.
  package var reported: UInt64?

  package init(version: UInt64) {
    self.version = version
  }
}

import ServiceKit
import TextFormats

extension DeploymentTraceDocument {
  /// The steps as a table for people, below what they are about.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func report(columns: Int? = nil) -> String {
    var head = "version \(version)"
    if let imageBytes { head += ", an image of \(HumanText.bytes(Int(clamping: imageBytes)))" }
    if let beganAt { head += ", begun at \(beganAt)" }
    head += "\n"
    if let traceID { head += "trace \(traceID)\n" }
    if let requestID { head += "request \(PlainText.escaped(requestID))\n" }
    guard !steps.isEmpty else { return head + "not known: the registry kept no times when this version was assigned\n" }
    var table = Table(
      [
        ("STEP", .cut), ("PROGRAM", .always), ("AT MS", .always), ("TOOK MS", .always), ("SHARE", .always),
      ], rightAligned: [2, 3, 4])
    for step in steps {
      table.add([
        Self.title(step.name), step.program, Self.milliseconds(step.atMicroseconds),
        Self.milliseconds(step.tookMicroseconds), step.share.map(Self.percent) ?? "-",
      ])
    }
    let end =
      firstLineMicroseconds.map { "the app's first line was there after \(Self.milliseconds($0)) ms\n" }
      ?? "when the app's first line was there is not known: the device did not say so (yet)\n"
    return head + table.text(columns: columns) + end
  }

  /// What is done at the end of a step, in words. A step of a newer program has its own word.
  private static func title(_ name: String) -> String { titles[name] ?? name }

  private static let titles = [
    "token-checked": "the client's token is checked",
    "device-checked": "the device is known",
    "received": "the body is received",
    "code-checked": "the module's code is checked",
    "assignment-checked": "the registry would take it",
    "stored": "the module is on disk",
    "assigned": "the version is assigned",
    "taken": "it is taken out of the outbox",
    "published": "the notification is published",
    "acknowledged": "the broker has it",
    "head-checked": "the image's head is checked",
    "download-begun": "the download begins",
    "downloaded": "the image is here",
    "verified": "it is verified",
    "staged": "it is in its slot",
    "process-started": "the app's process has it",
    "first-line": "the app's first line",
    "switched": "the app took over",
    "confirmed": "the version is confirmed",
  ]

  /// With three digits after the point.
  private static func milliseconds(_ microseconds: UInt64) -> String {
    let digits = String(microseconds % 1_000)
    return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
  }

  /// With one digit after the point.
  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}

import DeviceProtocol
import Foundations

/// A device's record beside what it reports.
package struct OTPComparison: Sendable {
  /// One line for each field that differs; empty: bank and record agree.
  package let differences: [String]

  /// Compares a report with the record.
  ///
  /// - Parameters:
  ///   - program: what the device was told to burn.
  ///   - highestEpoch: the highest epoch that it ever reported: a fuse can't be unset.
  package init(_ report: OTPBankReport, program: OTPAssignment, highestEpoch: UInt32) {
    var differences: [String] = []
    func compare(_ field: String, _ burnt: String?, _ recorded: String) {
      // Hexadecimal and UUIDs in either case.
      let burnt = burnt?.lowercased()
      guard burnt != recorded else { return }
      differences.append("\(field): the bank has \(Self.shown(burnt)), the record \(recorded)")
    }
    compare("deviceID", report.deviceID, program.device.description)
    if let hash = program.publicKeyHash { compare("publicKeyHash", report.publicKeyHash, Hexadecimal.encode(hash)) }
    compare("directorKey", report.directorKey, Hexadecimal.encode(program.record.directorKey))
    compare("rootDocumentHash", report.rootDocumentHash, Hexadecimal.encode(program.record.rootDocumentHash))
    compare(
      "publisherSignatureRequired", report.publisherSignatureRequired.map { "\($0)" },
      "\(program.record.isPublisherSignatureRequired)")
    compare("provisioned", report.provisioned.map { "\($0)" }, "true")
    let least = max(program.record.securityEpoch, highestEpoch)
    if let epoch = report.securityEpoch, epoch >= least {
      // It only grows, with the images that the device confirms.
    } else {
      differences.append(
        "securityEpoch: the bank has \(report.securityEpoch.map { "\($0)" } ?? "none"), the record at least \(least)")
    }
    self.differences = differences
  }

  /// A device's words, short and without control characters.
  private static func shown(_ text: String?) -> String {
    guard let text, !text.isEmpty else { return "none" }
    let plain = text.unicodeScalars.prefix(80).map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }
    return String(String.UnicodeScalarView(plain))
  }
}

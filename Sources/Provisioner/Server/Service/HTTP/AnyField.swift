import DeviceProtocol
import FoundationEssentials
import Foundations
import ProvisionerDomain

/// Any name of a JSON object's field.
struct AnyField: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init?(stringValue: String) {
    self.stringValue = stringValue
  }

  init?(intValue: Int) {
    return nil
  }

  /// A misspelt field is refused, not ignored.
  static func refuseOthers(than known: [String], _ decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: AnyField.self)
    guard let stranger = fields.allKeys.first(where: { !known.contains($0.stringValue) }) else { return }
    throw DecodingError.dataCorruptedError(
      forKey: stranger, in: fields, debugDescription: "it is not known; known are \(known.joined(separator: ", "))")
  }
}

import FoundationEssentials
import Foundations
import ProvisionerDomain

/// The body of `POST /v1/claims`.
struct NewClaimDocument: Decodable, Sendable {
  private enum Field: String, CodingKey, CaseIterable {
    case count, lifetimeSeconds, product, group, tags, serials, namePrefix
  }

  var count: UInt64
  var lifetimeSeconds: UInt64
  var product: String
  var group: String
  var tags: [String]
  var serials: [String]
  var namePrefix: String

  init(from decoder: any Decoder) throws {
    try AnyField.refuseOthers(than: Field.allCases.map(\.rawValue), decoder)
    let fields = try decoder.container(keyedBy: Field.self)
    count = try Self.wholeNumber(.count, of: fields)
    lifetimeSeconds = try Self.wholeNumber(.lifetimeSeconds, of: fields)
    product = try fields.contains(.product) ? fields.decode(String.self, forKey: .product) : ""
    group = try fields.contains(.group) ? fields.decode(String.self, forKey: .group) : ""
    tags = try fields.contains(.tags) ? fields.decode([String].self, forKey: .tags) : []
    serials = try fields.contains(.serials) ? fields.decode([String].self, forKey: .serials) : []
    namePrefix = try fields.contains(.namePrefix) ? fields.decode(String.self, forKey: .namePrefix) : ""
  }

  /// Names the field when its number is negative, broken or too large: the error that Foundation throws for those is
  /// none of `DecodingError`, and would be taken for broken JSON.
  private static func wholeNumber(_ field: Field, of fields: KeyedDecodingContainer<Field>) throws -> UInt64 {
    do {
      return try fields.decode(UInt64.self, forKey: field)
    } catch let error as DecodingError {
      throw error
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [field], debugDescription: "it must be a whole number, 0 or more"))
    }
  }

  func validated() throws(RequestFailure) -> NewClaim {
    try NewClaim(
      count: count, lifetimeSeconds: lifetimeSeconds, product: product, group: group, tags: tags, serials: serials,
      namePrefix: namePrefix)
  }
}

/// The body of `POST /v1/enroll`.
struct EnrollDocument: Decodable, Sendable {
  private enum Field: String, CodingKey, CaseIterable {
    case claim, serial, certificateRequest, pollingOnly, factoryCertificate, factorySignature
  }

  let request: EnrolmentRequest

  init(from decoder: any Decoder) throws {
    try AnyField.refuseOthers(than: Field.allCases.map(\.rawValue), decoder)
    let fields = try decoder.container(keyedBy: Field.self)
    let certificates = try fields.decodeIfPresent(String.self, forKey: .factoryCertificate)
    let signature = try fields.decodeIfPresent(Data.self, forKey: .factorySignature)
    guard (certificates == nil) == (signature == nil) else {
      throw DecodingError.dataCorruptedError(
        forKey: .factorySignature, in: fields, debugDescription: "it goes with factoryCertificate: give both or neither"
      )
    }
    request = EnrolmentRequest(
      claim: try fields.decodeIfPresent(String.self, forKey: .claim) ?? "",
      serial: try fields.decodeIfPresent(String.self, forKey: .serial) ?? "",
      certificateRequest: Array(try fields.decodeIfPresent(Data.self, forKey: .certificateRequest) ?? Data()),
      isPollingOnly: try fields.decodeIfPresent(Bool.self, forKey: .pollingOnly) ?? false,
      factoryProof: certificates.map { FactoryProof(certificates: $0, signature: Array(signature ?? Data())) })
  }
}

/// Any name of a JSON object's field.
private struct AnyField: CodingKey {
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

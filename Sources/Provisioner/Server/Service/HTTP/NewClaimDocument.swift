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

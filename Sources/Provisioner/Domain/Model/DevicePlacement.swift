package import Foundations

/// What a device is for, and where it belongs: decided by whatever lets it in.
package struct DevicePlacement: Sendable, Equatable {
  /// What kind of device it is: serial numbers are told apart by it. Empty: none.
  package var product: String
  /// The group that the device belongs to; empty: none.
  package var group: String
  /// The device's tags, without the one that stands for the group.
  package var tags: [String]

  package init(product: String, group: String, tags: [String]) throws(RequestFailure) {
    self.product = try FieldText.visible(product, field: "product", length: 0...EnrolmentFieldRules.productLength)
    self.group = try FieldText.visible(group, field: "group", length: 0...EnrolmentFieldRules.groupLength)
    self.tags = try EnrolmentFieldRules.tags(tags)
    guard group.isEmpty || self.tags.count < EnrolmentFieldRules.tagCount else {
      throw RequestFailure(field: "tags", "leaves no room for the group, which is a tag too: leave one away")
    }
  }

  /// A placement as it was stored, so that its fields are within the rules.
  package init(storedProduct: String, group: String, tags: [String]) {
    product = storedProduct
    self.group = group
    self.tags = tags
  }

  /// The tag by which the Registry knows a group.
  package static func tag(ofGroup group: String) -> String { "group:\(group)" }

  /// All tags that the device has at the Registry.
  var registryTags: [String] { group.isEmpty ? tags : tags + [Self.tag(ofGroup: group)] }
}

package import Foundation
import ServiceKit

extension ClaimDocument {
  /// For people.
  package static func table(_ claims: [ClaimDocument], now: Date = Date()) -> String {
    guard !claims.isEmpty else { return "no claims: make one with xtblish-provisioner claim create\n" }
    var table = Table(
      ["CLAIM", "STATE", "USED", "NAMES", "PRODUCT", "GROUP", "TAGS", "CREATED", "EXPIRES"], rightAligned: [2])
    for claim in claims {
      table.add([
        claim.id, claim.state, "\(claim.used)/\(claim.count)", "\(claim.namePrefix)-N",
        claim.product.isEmpty ? "-" : claim.product, claim.group.isEmpty ? "-" : claim.group,
        claim.tags.isEmpty ? "-" : claim.tags.joined(separator: ","),
        HumanText.ago(claim.createdAt, now: now), JSONCoding.text(of: claim.expiresAt),
      ])
    }
    return table.text
  }
}

extension ClaimDetails {
  /// For people.
  package var text: String {
    var text = ClaimDocument.table([claim])
    if !claim.serials.isEmpty { text += "only for: \(claim.serials.joined(separator: " "))\n" }
    guard !enrolments.isEmpty else { return text + "\nno device has enrolled with it\n" }
    var table = Table(["DEVICE", "NAME", "SERIAL", "STATE", "AT"])
    for device in enrolments {
      table.add([device.device, device.name, device.serial, device.state, JSONCoding.text(of: device.at)])
    }
    text += "\n" + table.text
    return text
  }
}

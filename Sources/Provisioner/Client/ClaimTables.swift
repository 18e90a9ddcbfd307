package import Foundation
import ServiceKit
import TextFormats

extension ClaimDocument {
  /// A table of claims for people, a line for each.
  package static func table(_ claims: [ClaimDocument], now: Date = Date(), columns: Int? = nil) -> String {
    guard !claims.isEmpty else { return "no claims: make one with xtblish-provisioner claim create\n" }
    var table = Table(
      [
        ("CLAIM", .always), ("STATE", .always), ("USED", .always), ("NAMES", .cut), ("PRODUCT", .spare(2)),
        ("GROUP", .spare(3)), ("TAGS", .spare(4)), ("CREATED", .spare(1)), ("EXPIRES", .always),
      ], rightAligned: [2])
    for claim in claims {
      table.add([
        columns == nil ? claim.id : String(claim.id.prefix(8)), claim.state, "\(claim.used)/\(claim.count)",
        "\(claim.namePrefix)-N",
        claim.product.isEmpty ? "-" : claim.product, claim.group.isEmpty ? "-" : claim.group,
        claim.tags.isEmpty ? "-" : claim.tags.joined(separator: ","),
        HumanText.ago(claim.createdAt, now: now),
        columns == nil ? JSONCoding.text(of: claim.expiresAt) : HumanText.ago(claim.expiresAt, now: now),
      ])
    }
    return table.text(columns: columns)
  }
}

extension ClaimDetails {
  /// What `claim show` prints for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func text(columns: Int? = nil) -> String {
    var text = "claim \(claim.id)\n" + ClaimDocument.table([claim], columns: columns)
    if !claim.serials.isEmpty { text += "only for: \(claim.serials.joined(separator: " "))\n" }
    guard !enrolments.isEmpty else { return text + "\nno device has enrolled with it\n" }
    var table = Table([
      ("NAME", .cut), ("SERIAL", .cut), ("STATE", .always), ("DEVICE", columns == nil ? .always : .spare(1)),
      ("AT", .spare(2)),
    ])
    for device in enrolments {
      table.add([
        device.name, device.serial, device.state, columns == nil ? device.device : String(device.device.prefix(8)),
        JSONCoding.text(of: device.at),
      ])
    }
    text += "\n" + table.text(columns: columns)
    return text
  }
}

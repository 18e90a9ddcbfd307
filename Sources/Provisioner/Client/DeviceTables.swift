import Foundation
import ServiceKit
import TextFormats

extension EnrolledDeviceDocument {
  /// A table of devices for people, a line for each.
  package static func table(_ devices: [EnrolledDeviceDocument], columns: Int? = nil) -> String {
    guard !devices.isEmpty else { return "no devices\n" }
    var table = Table([
      ("SERIAL", .cut), ("NAME", .cut), ("DEVICE", .always), ("STATE", .always), ("ACCESS", .always), ("OTP", .always),
      ("PRODUCT", .spare(2)), ("GROUP", .spare(3)), ("ENROLLED", .spare(1)),
    ])
    for device in devices {
      table.add([
        device.serial, device.name,
        device.device.map { columns == nil ? $0 : String($0.prefix(8)) } ?? "-", device.state, device.access,
        device.otp, device.product.isEmpty ? "-" : device.product, device.group.isEmpty ? "-" : device.group,
        device.enrolledAt.map { JSONCoding.text(of: $0) } ?? "-",
      ])
    }
    var text = table.text(columns: columns)
    for device in devices where !device.otpDifferences.isEmpty {
      text += "\n\(device.device ?? "-"):\n" + device.otpDifferences.map { "  \($0)\n" }.joined()
    }
    return text
  }

  private var otp: String {
    if !otpDifferences.isEmpty { return "differs" }
    return otpReportedAt == nil ? "-" : "agrees"
  }
}

extension FactoryDocument {
  /// A table of factories' CAs for people, a line for each.
  package static func table(_ factories: [FactoryDocument], columns: Int? = nil) -> String {
    guard !factories.isEmpty else { return "no factory CAs: add one with xtblish-provisioner factory-ca add\n" }
    var table = Table(
      [
        ("SUBJECT", .cut), ("ID", .always), ("DEVICES", .always), ("EXPIRES", .always), ("NAMES", .spare(1)),
        ("PRODUCT", .spare(2)), ("GROUP", .spare(3)),
      ], rightAligned: [2])
    for factory in factories {
      table.add([
        factory.subject, columns == nil ? factory.id : String(factory.id.prefix(8)), "\(factory.devices)",
        JSONCoding.text(of: factory.notAfter), "\(factory.namePrefix)-SERIAL",
        factory.product.isEmpty ? "-" : factory.product, factory.group.isEmpty ? "-" : factory.group,
      ])
    }
    return table.text(columns: columns)
  }
}

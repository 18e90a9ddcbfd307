import Foundation
import ServiceKit

extension DeviceDocument {
  /// For people.
  package static func table(_ devices: [DeviceDocument]) -> String {
    guard !devices.isEmpty else { return "no devices\n" }
    var table = Table(["DEVICE", "SERIAL", "PRODUCT", "GROUP", "NAME", "STATE", "ACCESS", "ENROLLED", "OTP"])
    for device in devices {
      table.add([
        device.device ?? "-", device.serial, device.product.isEmpty ? "-" : device.product,
        device.group.isEmpty ? "-" : device.group, device.name, device.state, device.access,
        device.enrolledAt.map { JSONCoding.text(of: $0) } ?? "-", device.otp,
      ])
    }
    var text = table.text
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
  /// For people.
  package static func table(_ factories: [FactoryDocument]) -> String {
    guard !factories.isEmpty else { return "no factory CAs: add one with xtblish-provisioner factory-ca add\n" }
    var table = Table(["SUBJECT", "PRODUCT", "GROUP", "NAMES", "DEVICES", "EXPIRES", "ID"], rightAligned: [4])
    for factory in factories {
      table.add([
        factory.subject, factory.product.isEmpty ? "-" : factory.product, factory.group.isEmpty ? "-" : factory.group,
        "\(factory.namePrefix)-SERIAL", "\(factory.devices)", JSONCoding.text(of: factory.notAfter), factory.id,
      ])
    }
    return table.text
  }
}

package import Foundation
import Foundations
package import Messaging
import ProvisionerDomain
import ServiceKit
import SwiftProtobuf
import Wire

/// What operators do with devices and the CAs of factories, over the bus.
package struct DeviceAdministration: Sendable {
  private let provisioner: any RPCCaller
  private let deadline: Duration

  package init(_ provisioner: any RPCCaller, deadline: Duration) {
    self.provisioner = provisioner
    self.deadline = deadline
  }

  /// Names a device before it enrols, so that it needs no claim.
  ///
  /// - Parameter publicKeyHash: nil: a secret is made.
  /// - Returns: the secret, shown this once; nil with a key.
  package func register(
    serial: String, publicKeyHash: String?, product: String, group: String, tags: [String], name: String
  ) async throws -> String? {
    var request = WireRegisterDevice()
    request.serial = serial
    if let publicKeyHash {
      guard let bytes = Hexadecimal.decode(publicKeyHash) else {
        throw RequestFailure(field: "public-key-hash", "is not hexadecimal: give 64 digits")
      }
      request.publicKeyHash = Data(try EnrolmentFieldRules.keyHash(bytes))
    }
    request.product = product
    request.group = group
    request.tags = tags
    request.name = name
    let secret = try await provisioner.call(request, deadline: deadline).secret
    return secret.isEmpty ? nil : secret
  }

  /// Takes back that a device is named beforehand; what it enrolled as stays.
  ///
  /// - Returns: whether it was registered.
  package func unregister(serial: String, product: String) async throws -> Bool {
    var request = WireUnregisterDevice()
    request.serial = serial
    request.product = product
    return try await provisioner.call(request, deadline: deadline).removed
  }

  /// Lets another board enrol under a serial number; the device that had it is revoked.
  ///
  /// - Returns: the ID of the device that is no more.
  package func reset(serial: String, product: String) async throws -> String {
    var request = WireResetDevice()
    request.serial = serial
    request.product = product
    return DeviceID(bytes: try await provisioner.call(request, deadline: deadline).deviceID)?.description ?? ""
  }

  /// Devices, enrolled or named beforehand, newest first.
  ///
  /// - Parameter limit: how many at most; nil stands for all.
  package func list(
    flagged: Bool, serial: String?, limit: Int?
  ) async throws -> (devices: [EnrolledDeviceDocument], hasMore: Bool) {
    var devices: [EnrolledDeviceDocument] = []
    var request = WireListEnrolledDevices()
    request.flagged = flagged
    request.serial = serial ?? ""
    while true {
      let left = limit.map { $0 - devices.count } ?? EnrolmentFieldRules.maximumPageSize
      guard left > 0 else { return (devices, true) }
      request.pageSize = UInt32(min(left, EnrolmentFieldRules.maximumPageSize))
      let page = try await provisioner.call(request, deadline: deadline)
      devices += page.devices.map { EnrolledDeviceDocument($0) }
      guard !page.nextCursor.isEmpty else { return (devices, false) }
      request.cursor = page.nextCursor
    }
  }

  /// Lets devices enrol that a factory's CA certified.
  package func addFactoryCA(
    certificate: String, product: String, group: String, tags: [String], namePrefix: String
  ) async throws -> FactoryDocument {
    var request = WireAddFactoryCA()
    request.certificate = certificate
    request.product = product
    request.group = group
    request.tags = tags
    request.namePrefix = namePrefix
    return FactoryDocument(try await provisioner.call(request, deadline: deadline))
  }

  /// All CAs of factories, newest first.
  package func factoryCAs() async throws -> [FactoryDocument] {
    try await provisioner.call(WireListFactoryCAs(), deadline: deadline).authorities.map { FactoryDocument($0) }
  }

  /// Lets no further device enrol by a factory's CA, which may be named by a beginning of its ID.
  ///
  /// - Returns: whether there was one.
  package func removeFactoryCA(_ id: String) async throws -> Bool {
    let id = try await IDReference(id, "factory CA").resolve(among: { try await factoryCAs().map(\.id) })
    guard let bytes = Hexadecimal.decode(id), bytes.count == 32 else {
      throw RequestFailure(field: "id", "is not 64 hexadecimal digits: list the factory CAs to see theirs")
    }
    var request = WireRemoveFactoryCA()
    request.id = Data(bytes)
    return try await provisioner.call(request, deadline: deadline).removed
  }
}

/// A device as operators get it, enrolled or only registered beforehand.
///
/// `serial` is unique within its `product` (empty: none); `group` is empty for none, `name` is what people call it.
/// `state` is `waiting`, `reserved`, `enrolled`, `revoked` or `reset`. `publicKeyHash` is the SHA-256 of its
/// SubjectPublicKeyInfo, in hexadecimal digits; nil for a device without a key. `createdAt` is when the device was
/// registered or first enrolled, `enrolledAt` when its enrolment was complete (nil: it is not), and `otpReportedAt`
/// when it last said what its fuses hold (nil: never).
package struct EnrolledDeviceDocument: Encodable, Sendable, Equatable {
  /// The device's ID in its text form; nil while it is only registered beforehand.
  package var device: String?
  package var serial: String
  package var product: String
  package var group: String
  package var name: String
  package var state: String
  /// How the device proves who it is: `certificate`, `polling-token` or `none`.
  package var access: String
  package var publicKeyHash: String?
  package var createdAt: Date
  package var enrolledAt: Date?
  package var otpReportedAt: Date?
  /// What the device's fuses hold otherwise than it was told, a line each.
  package var otpDifferences: [String]

  init(_ wire: WireEnrolledDevice) {
    device = DeviceID(bytes: wire.deviceID)?.description
    serial = wire.serial
    product = wire.product
    group = wire.group
    name = wire.name
    state = wire.state
    access = wire.access
    publicKeyHash = wire.publicKeyHash.isEmpty ? nil : Hexadecimal.encode(wire.publicKeyHash)
    createdAt = wire.createdAt.date
    enrolledAt = wire.hasEnrolledAt ? wire.enrolledAt.date : nil
    otpReportedAt = wire.hasOtpReportedAt ? wire.otpReportedAt.date : nil
    otpDifferences = wire.otpDifferences
  }
}

/// A factory's CA as operators get it.
///
/// `id` is the SHA-256 of its certificate, in hexadecimal digits, `subject` its distinguished name, and `notAfter` the
/// end of its certificate. Its devices get the `product`, the `group` (both empty for none) and the `tags`, and the
/// name PREFIX-SERIAL with `namePrefix`. `devices` is how many have enrolled by it.
package struct FactoryDocument: Encodable, Sendable, Equatable {
  package var id: String
  package var subject: String
  package var notAfter: Date
  package var product: String
  package var group: String
  package var tags: [String]
  package var namePrefix: String
  package var devices: UInt64

  init(_ wire: WireFactoryCA) {
    id = Hexadecimal.encode(wire.id)
    subject = wire.subject
    notAfter = wire.notAfter.date
    product = wire.product
    group = wire.group
    tags = wire.tags
    namePrefix = wire.namePrefix
    devices = wire.devices
  }
}

import FirmwareImage
import Foundation
import Foundations
import PostgreSQL
import SwiftProtobuf
import TestPeers
import TestSupport
import Testing
import Wire

/// What tests ask of the Registry.
extension Installation {
  /// A device that the Registry knows and that is connected to the broker.
  func makeDevice() async throws -> PlayedDevice {
    let created = try await call(.registry, WireCreateDevice.with { $0.name = "pump" })
    let device = try await PlayedDevice(try #require(DeviceID(bytes: created.id)), broker: broker)
    keep(device)
    return device
  }

  /// Images of different numbers differ.
  ///
  /// - Returns: the version.
  @discardableResult
  func assign(_ number: Int, to device: PlayedDevice) async throws -> UInt64 {
    try await call(.registry, Self.assignment(of: number, to: device.id)).version
  }

  static func assignment(of number: Int, to device: DeviceID) throws -> WireAssignImage {
    var request = WireAssignImage()
    request.deviceID = Data(device.bytes)
    request.idempotencyKey = "\(number)"
    request.image.digest = Data(try Self.digest(number).bytes)
    request.image.lengthBytes = 100_000
    request.image.appName = "pump"
    request.image.appVersion = "1.\(number)"
    request.image.hostApiLevel = 1
    return request
  }

  static func digest(_ number: Int) throws -> SHA256Digest {
    try SHA256Digest.of("app \(number)".utf8)
  }

  /// The Registry's document of a device.
  func document(of device: PlayedDevice) async throws -> WireDevice {
    try await call(.registry, WireGetDevice.with { $0.id = Data(device.id.bytes) })
  }

  /// When the broker last acknowledged a notification of the version.
  func notifiedAt(_ version: UInt64, of device: PlayedDevice) async throws -> Google_Protobuf_Timestamp {
    let request = WireFindFirmware.with {
      $0.deviceID = Data(device.id.bytes)
      $0.version = version
    }
    let firmware = try await call(.registry, request)
    #expect(firmware.hasNotifiedAt)
    return firmware.notifiedAt
  }

  func waitForEmptyOutbox() async throws {
    try await eventually("an empty outbox") { try await countOutbox() == 0 }
  }

  func countOutbox() async throws -> Int {
    try await database.queryFirst("select count(*) from registry.outbox")?["count"].int ?? -1
  }

  /// Waits until something in the outbox was tried and not acknowledged.
  func waitForFailedDelivery() async throws {
    try await eventually("a delivery that failed") {
      let failed = try await database.queryFirst("select count(*) from registry.outbox where last_error is not null")
      return try failed?["count"].int ?? 0 > 0
    }
  }
}

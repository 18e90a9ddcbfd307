import Foundations
import PostgreSQL
import ProvisionerDomain
import ServiceDatabase

extension Claim {
  init(_ row: PostgresRow) throws {
    self.init(
      id: try ClaimID(bytes: row["id"].uuid), count: try row["count"].int, used: try row["used"].int,
      product: try row["product"].text, group: try row["group_name"].text, tags: try row["tags"].textArray,
      serials: try row["serials"].textArray, namePrefix: try row["name_prefix"].text,
      createdAt: try row["created_at"].date, expiresAt: try row["expires_at"].date,
      isRevoked: try row["revoked"].bool, isExpired: try row["expired"].bool)
  }
}

extension ClaimUse {
  init(_ row: PostgresRow) throws {
    self.init(
      serial: try row["serial"].text, device: try DeviceID(stored: row["device_id"].uuid),
      name: try row["name"].text, state: try row["registered"].bool ? .registered : .reserved, at: try row["at"].date)
  }
}

extension DevicePlacement {
  init(_ row: PostgresRow) throws {
    self.init(
      storedProduct: try row["product"].text, group: try row["group_name"].text, tags: try row["tags"].textArray)
  }
}

extension Registration {
  init(_ row: PostgresRow) throws {
    self.init(
      serial: try row["serial"].text, placement: try DevicePlacement(row), name: try row["name"].text,
      publicKeyHash: try row["public_key_hash"].optional?.bytes,
      secretHash: try row["secret_hash"].optional?.bytes)
  }
}

extension EnrolledDevice {
  init(_ row: PostgresRow) throws {
    let key = try row["public_key_hash"].optional?.bytes
    let access: Access =
      if let key {
        .certificate(publicKeyHash: key)
      } else if try row["has_token"].bool {
        .pollingToken(isUsed: try row["token_used"].bool)
      } else {
        .none
      }
    guard let state = State(rawValue: try row["state"].text) else { throw PostgresError.unknownForm }
    self.init(
      id: try DeviceID(stored: row["id"].uuid), serial: try row["serial"].text, product: try row["product"].text,
      name: try row["name"].text, access: access, state: state)
  }
}

extension DeviceEntry {
  init(_ row: PostgresRow) throws {
    guard let state = EnrolledDevice.State(rawValue: try row["state"].text) else { throw PostgresError.unknownForm }
    let key = try row["public_key_hash"].optional?.bytes
    self.init(
      id: state == .waiting ? nil : try DeviceID(stored: row["id"].uuid), serial: try row["serial"].text,
      product: try row["product"].text, group: try row["group_name"].text, name: try row["name"].text, state: state,
      access: key != nil ? "certificate" : try row["has_token"].bool ? "polling-token" : "none", publicKeyHash: key,
      createdAt: try row["created_at"].date, enrolledAt: try row["enrolled_at"].optional?.date,
      otpReportedAt: try row["otp_reported_at"].optional?.date, otpDifferences: try row["otp_differences"].textArray)
  }
}

extension ListCursor {
  init(createdAt: PostgresTimestamp, id: [UInt8]) {
    self.init(createdAtMicroseconds: createdAt.microsecondsSince1970, id: id)
  }

  var createdAt: PostgresTimestamp { PostgresTimestamp(microsecondsSince1970: createdAtMicroseconds) }
}

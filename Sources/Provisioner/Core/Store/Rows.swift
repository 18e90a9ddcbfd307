import Foundations
import PostgreSQL

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

extension DeviceID {
  init(stored bytes: [UInt8]) throws {
    guard let id = DeviceID(bytes: bytes) else { throw PostgresError.unknownForm }
    self = id
  }
}

extension PostgresError {
  static var unknownForm: PostgresError {
    PostgresError(.decoding, "a row of the database is of a form that this program does not know")
  }
}

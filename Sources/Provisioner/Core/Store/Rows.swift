import FirmwareImage
import PostgreSQL

extension Claim {
  init(_ row: PostgresRow) throws {
    self.init(
      id: try ClaimID(bytes: row["id"].uuid), count: try row["count"].int, used: try row["used"].int,
      product: try row["product"].text, tags: try row["tags"].textArray, namePrefix: try row["name_prefix"].text,
      createdAt: try row["created_at"].date, expiresAt: try row["expires_at"].date,
      isRevoked: try row["revoked"].bool, isExpired: try row["expired"].bool)
  }
}

extension Enrolment {
  init(_ row: PostgresRow) throws {
    guard let device = DeviceID(bytes: try row["device_id"].uuid), let state = State(rawValue: try row["state"].text)
    else { throw PostgresError(.decoding, "an enrolment in the database is of a form that this program does not know") }
    self.init(
      serial: try row["serial"].text, device: device, name: try row["name"].text, state: state,
      at: try row["at"].date)
  }
}

import FoundationEssentials
package import Foundations
package import Logging
package import PostgreSQL
package import ProvisionerDomain
import ServiceDatabase
import TextFormats

/// What devices were told to burn, and what they say they burnt.
package struct OTPStore: Sendable {
  private let pool: PostgresPool
  private let logger: Logger

  package init(pool: PostgresPool, logger: Logger) {
    self.pool = pool
    self.logger = logger
  }

  /// Compares a device's bank with the record, and flags the device if they disagree; a later report that agrees takes
  /// the flag away.
  ///
  /// - Returns: what differs.
  package func record(_ report: OTPBankReport, of device: DeviceID) async throws -> [String] {
    let json = String(decoding: try JSONCoding.encoder().encode(report), as: UTF8.self)
    let (differences, isNew) = try await translating {
      try await pool.withTransaction { transaction in
        let row = try await transaction.queryFirst(
          "select " + EnrolmentStore.deviceColumns
            + """
            , coalesce((d.otp_reported ->> 'securityEpoch')::int8, 0) as highest_epoch, d.otp_differences
            from provisioner.devices as d where id = $1 for no key update
            """, [.uuid(device.bytes)])
        guard let row else { throw RequestFailure.unknownDevice(device) }
        var differences: [String] = []
        var stored = json
        // One that enrolled without certificates was told nothing.
        if !row["otp_director_key"].isNull {
          let program = OTPAssignment(
            device: device, publicKeyHash: try row["public_key_hash"].optional?.bytes, record: try OTPRecord(row))
          let highest = UInt32(clamping: try row["highest_epoch"].int64)
          differences = OTPComparison(report, program: program, highestEpoch: highest).differences
          if highest > report.securityEpoch ?? 0 {
            var kept = report
            kept.securityEpoch = highest
            stored = String(decoding: try JSONCoding.encoder().encode(kept), as: UTF8.self)
          }
        }
        try await transaction.execute(
          """
          update provisioner.devices
          set otp_reported = $2, otp_reported_at = clock_timestamp(), otp_differences = $3 where id = $1
          """, [.uuid(device.bytes), .jsonb(stored), .textArray(differences)])
        return (differences, try differences != row["otp_differences"].textArray)
      }
    }
    if isNew, !differences.isEmpty {
      logger.warning(
        "a device's OTP bank disagrees with the record",
        metadata: ["device": "\(device)", "differences": "\(differences.joined(separator: "; "))"])
    }
    return differences
  }
}

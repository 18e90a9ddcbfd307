import Foundations
import PostgreSQL
import ProvisionerDomain

extension EnrolmentLedger {
  /// Writes what the decisions changed.
  func save(_ transaction: PostgresTransaction) async throws {
    if !newDevices.isEmpty {
      try await transaction.executeBatch(
        """
        insert into provisioner.devices
          (id, serial, product, group_name, tags, name, factory_ca, public_key_hash, polling_token_hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        newDevices.map { new in
          [
            .uuid(new.device.id.bytes), .text(new.device.serial), .text(new.device.product), .text(new.placement.group),
            .textArray(new.placement.tags), .text(new.device.name), .bytea(new.factory), .bytea(new.proof.keyHash),
            .bytea(new.proof.tokenHash),
          ]
        })
    }
    if !newTokens.isEmpty {
      try await transaction.executeBatch(
        "update provisioner.devices set polling_token_hash = $2 where id = $1 and polling_token_used_at is null",
        newTokens.map { [.uuid($0.bytes), .bytea($1)] })
    }
    if !newKeys.isEmpty {
      try await transaction.executeBatch(
        "update provisioner.devices set public_key_hash = $2 where id = $1 and public_key_hash is null",
        newKeys.map { [.uuid($0.bytes), .bytea($1)] })
    }
    if !changedUses.isEmpty {
      try await transaction.executeBatch(
        """
        insert into provisioner.claim_uses (claim_id, serial, number, device_id) values ($1, $2, $3, $4)
        on conflict (claim_id, serial) do update set device_id = excluded.device_id, used_at = clock_timestamp()
        """,
        changedUses.map { key, use in
          [.uuid(key.claim), .text(key.serial), .int(use.number), .uuid(use.device.bytes)]
        })
    }
    if !changedClaims.isEmpty {
      try await transaction.executeBatch(
        "update provisioner.claims set used = $2 where id = $1",
        changedClaims.values.map { [.uuid($0.id.bytes), .int($0.used)] })
    }
  }
}

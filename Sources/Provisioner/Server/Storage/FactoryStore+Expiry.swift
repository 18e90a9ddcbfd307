import PostgreSQL
package import ServiceKit

extension FactoryStore {
  /// When the CAs of factories end: then devices that they certified can't enrol any more. Everything else goes on.
  package var expirySource: ExpirySource {
    ExpirySource(every: .seconds(60)) {
      let rows = try await pool.query(
        """
        select subject, not_after from provisioner.factory_cas where removed_at is null order by not_after limit 50
        """)
      return try rows.map { row in
        Expiry(
          kind: "factory-ca", name: try row["subject"].text, end: try row["not_after"].date,
          remedy: "get the factory's next certificate, and let it in with xtblish-provisioner factory-ca add",
          isVital: false)
      }
    }
  }
}

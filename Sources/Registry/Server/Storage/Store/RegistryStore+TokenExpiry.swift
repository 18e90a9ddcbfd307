import PostgreSQL
package import ServiceKit

extension RegistryStore {
  /// When tokens end that are in use, the soonest first and a bounded number of them: each is a series of the metrics.
  /// Whose token has ended is refused, and the Registry goes on.
  package var tokenExpirySource: ExpirySource {
    ExpirySource(every: .seconds(60)) {
      let rows = try await read { connection in
        // One that ended a week ago is missed by nobody.
        try await connection.query(
          """
          select name, expires_at from registry.tokens
          where revoked_at is null and expires_at > statement_timestamp() - interval '7 days'
          order by expires_at limit 50
          """)
      }
      return try rows.map { row in
        Expiry(
          kind: "token", name: try row["name"].text, end: try row["expires_at"].date, warningTime: .seconds(7 * 86_400),
          remedy: "make another with xtblish-registry token create, and revoke this one", isVital: false)
      }
    }
  }
}

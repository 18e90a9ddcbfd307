import PostgreSQL
package import RegistryDomain

/// What waits in the Registry at a moment.
package struct WaitingFigures: Sendable, Equatable {
  /// Notifications in the outbox, counted up to a bound.
  package var outboxPending = 0
  /// How long the oldest of them has been there, in seconds; 0 if there is none.
  package var outboxOldestSeconds = 0.0
  /// Devices of which the Provisioner must still be told that they are out of service.
  package var revocationsPending = 0
}

/// How many devices (`count`) are in a deployment `state` and of a `health` at the same time.
package struct DeviceCount: Sendable, Equatable {
  package let state: DeploymentState
  package let health: DeviceHealth
  package let count: Int
}

extension RegistryStore {
  /// What waits now. Small tables, unless something is in the way; then the outbox is looked at up to a bound.
  package func waitingFigures() async throws -> WaitingFigures {
    try await read { connection in
      let rows = try await connection.pipeline([
        PostgresStatement(
          """
          select count(*) as pending,
            coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as oldest
          from (select created_at from registry.outbox limit 100000) as counted
          """),
        PostgresStatement("select count(*) as pending from registry.revocations"),
      ])
      guard let outbox = rows.first?.first, let revocations = rows.last?.first else { return WaitingFigures() }
      return WaitingFigures(
        outboxPending: try outbox["pending"].int, outboxOldestSeconds: max(0, try outbox["oldest"].double),
        revocationsPending: try revocations["pending"].int)
    }
  }

  /// How many devices there are of each state and health; those that there are none of are left out.
  ///
  /// It goes through all devices: for figures that are looked up now and then, and not for requests.
  package func deviceCounts() async throws -> [DeviceCount] {
    try await read { connection in
      try await connection.query(
        "select d.state, (" + DeviceRow.health
          + """
          ) as health, count(*) as count
          from registry.devices d join registry.reports r on r.device_id = d.id
          group by 1, 2
          """
      ).map { row in
        DeviceCount(
          state: try DeviceRow.known(row["state"]), health: try DeviceRow.known(row["health"]),
          count: try row["count"].int)
      }
    }
  }
}

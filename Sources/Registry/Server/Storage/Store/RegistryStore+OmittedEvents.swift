import PostgreSQL
import RegistryDomain

extension RegistryStore {
  /// Tells by one event for each device what was left out of its events, a minute after that began.
  ///
  /// - Returns: how many events were left out of those that were told now; 0 if nothing was to be told.
  package func tellOmittedEvents(limit: Int = 200) async throws -> Int {
    try await write { connection in
      let row = try await connection.queryFirst(
        """
        with told as (
          select a.device_id, a.omitted, a.omitted_since from registry.event_allowances a
          where a.omitted > 0 and a.omitted_since < clock_timestamp() - interval '1 minute'
          order by a.omitted_since limit $1 for update skip locked
        ), settled as (
          update registry.event_allowances a set omitted = 0, omitted_since = null
          from told where a.device_id = told.device_id
        ), noted as (
          insert into registry.events (device_id, kind, detail)
          select told.device_id, $2, jsonb_build_object('count', told.omitted, 'since', told.omitted_since)
          from told
        )
        select coalesce(sum(told.omitted), 0)::int8 as omitted from told
        """,
        [.int(limit), .text(RegistryEvent.Kind.eventsOmitted.rawValue)])
      return try row?["omitted"].int ?? 0
    }
  }
}

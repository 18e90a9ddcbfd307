import PostgreSQL
import RegistryDomain

extension RegistryStore {
  /// Makes one event for each device whose events were left out a minute ago or earlier, which says how many were.
  ///
  /// - Returns: how many events were left out in all, of the devices that were told of now; 0 if there was nothing to
  ///   tell.
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

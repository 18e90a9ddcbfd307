import PostgreSQL

extension RegistrySchema {
  /// What a device may still cause in events, and what was left out.
  ///
  /// A device has a store of 1,000 events that fills at one every six seconds (600 an hour); `full_at` is when it will be
  /// full again (the generic cell rate algorithm). What is over is counted, and told by one event: see
  /// ``LeftoverRemoval``. Only what devices cause is limited. Each device keeps its newest 10,000 to 11,000 events.
  ///
  /// A table of its own, whose updates touch no index, and which lists don't join. `append_events` takes its rows before
  /// the lock that numbers events, in the order of devices.
  static let eventAllowances: SQLScript = """
    create table registry.event_allowances (
      device_id uuid primary key,
      full_at timestamptz not null,
      granted bigint not null,
      written bigint not null,
      omitted bigint not null default 0,
      omitted_since timestamptz
    ) with (fillfactor = 50);
    create index event_allowances_omitted on registry.event_allowances (omitted_since) where omitted > 0;

    create or replace function registry.append_events(devices uuid[], kinds text[], details text[]) returns bigint
      language plpgsql as $body$
      declare
        moment constant timestamptz := clock_timestamp();
        pace constant double precision := 6;
        burst constant double precision := 1000;
        kept constant bigint := 10000;
        limited constant text[] := array['device-online', 'device-offline', 'state-reported', 'crash-reported',
          'unknown-version'];
        appended bigint;
        told uuid[];
        grants bigint[];
        crowded uuid[];
      begin
        if coalesce(cardinality(devices), 0) = 0 then
          return 0;
        end if;
        with asked as (
          select u.device_id, count(*) as wanted from unnest(devices, kinds) as u (device_id, kind)
          where u.kind = any(limited)
          group by u.device_id order by u.device_id
        ), granting as (
          insert into registry.event_allowances as a (device_id, full_at, granted, written)
          select asked.device_id, moment + asked.wanted * pace * interval '1 second', asked.wanted, asked.wanted
          from asked
          on conflict (device_id) do update set
            (full_at, granted, written, omitted, omitted_since) = (
              select greatest(a.full_at, moment) + room.granted * pace * interval '1 second', room.granted,
                a.written + room.granted, a.omitted + excluded.granted - room.granted,
                case when excluded.granted > room.granted then coalesce(a.omitted_since, moment)
                  else a.omitted_since end
              from (
                select least(excluded.granted, greatest(0, floor(
                  burst - extract(epoch from greatest(a.full_at, moment) - moment) / pace)::bigint)) as granted
              ) as room)
          returning a.device_id, a.granted, a.written
        )
        select array_agg(g.device_id), array_agg(g.granted),
          array_agg(g.device_id) filter (
            where g.written > kept and g.written / 1000 <> (g.written - g.granted) / 1000)
        into told, grants, crowded from granting g;

        if crowded is not null then
          insert into registry.removals (device_id, events_through, kinds)
          select c.device_id, doomed.row_id, doomed.kinds
          from unnest(crowded) as c (device_id) cross join lateral (
            select e.row_id, limited || array['notified', 'events-omitted'] as kinds
            from registry.events e where e.device_id = c.device_id order by e.id desc offset kept limit 1
          ) as doomed
          order by c.device_id
          on conflict (device_id) do update
          set events_through = greatest(removals.events_through, excluded.events_through),
            kinds = case when removals.kinds is null then null else excluded.kinds end;
        end if;

        perform pg_advisory_xact_lock(hashtextextended('registry.events', 0));
        insert into registry.events (id, device_id, kind, detail)
        select nextval('registry.event_ids'), e.device_id, e.kind, e.detail::jsonb
        from (
          select u.device_id, u.kind, u.detail
          from (
            select w.device_id, w.kind, w.detail, w.place,
              w.kind = any(limited) as is_limited,
              row_number() over (partition by w.device_id, w.kind = any(limited) order by w.place) as number
            from unnest(devices, kinds, details) with ordinality as w (device_id, kind, detail, place)
          ) as u left join unnest(told, grants) as g (device_id, granted) on g.device_id = u.device_id
          where not u.is_limited or u.number <= g.granted
          order by u.place
        ) as e;
        get diagnostics appended = row_count;
        return appended;
      end
    $body$;
    """
}

--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: provisioner; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA provisioner;


--
-- Name: registry; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA registry;


--
-- Name: append_events(uuid[], text[], text[]); Type: FUNCTION; Schema: registry; Owner: -
--

CREATE FUNCTION registry.append_events(devices uuid[], kinds text[], details text[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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
$$;


--
-- Name: keep_audit(); Type: FUNCTION; Schema: registry; Owner: -
--

CREATE FUNCTION registry.keep_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
  begin
    if tg_op = 'DELETE' and current_setting('registry.removing_audit', true) = 'yes'
      and old.at < clock_timestamp() - interval '1 day'
    then
      return old;
    end if;
    raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
  end
$$;


--
-- Name: number_audit(); Type: FUNCTION; Schema: registry; Owner: -
--

CREATE FUNCTION registry.number_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('registry.audit', 0));
    new.id := nextval('registry.audit_ids');
    new.at := clock_timestamp();
    return new;
  end
$$;


--
-- Name: number_event(); Type: FUNCTION; Schema: registry; Owner: -
--

CREATE FUNCTION registry.number_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('registry.events', 0));
    update registry.events set id = nextval('registry.event_ids') where row_id = new.row_id;
    return null;
  end
$$;


--
-- Name: remove_audit(interval, bigint); Type: FUNCTION; Schema: registry; Owner: -
--

CREATE FUNCTION registry.remove_audit(age interval, most bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'registry', 'pg_temp'
    AS $$
  declare
    removed bigint;
  begin
    perform set_config('registry.removing_audit', 'yes', true);
    delete from registry.audit
    where id in (select a.id from registry.audit a order by a.id limit most)
      and at < clock_timestamp() - greatest(age, interval '1 day');
    get diagnostics removed = row_count;
    perform set_config('registry.removing_audit', '', true);
    return removed;
  end
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: certificates; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.certificates (
    issuer bytea NOT NULL,
    serial_number bytea NOT NULL,
    device_id uuid,
    subject text NOT NULL,
    public_key_hash bytea NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    issued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    revocation_reason text,
    has_list_name boolean DEFAULT false NOT NULL,
    revision bigint,
    certificate bytea,
    CONSTRAINT certificates_public_key_hash_check CHECK ((length(public_key_hash) = 32)),
    CONSTRAINT certificates_serial_number_check CHECK (((length(serial_number) >= 1) AND (length(serial_number) <= 20)))
);


--
-- Name: claim_uses; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.claim_uses (
    claim_id uuid NOT NULL,
    serial text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    device_id uuid NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: claims; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.claims (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    count bigint NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    product text NOT NULL,
    tags text[] NOT NULL,
    name_prefix text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    group_name text DEFAULT ''::text NOT NULL,
    serials text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT claims_count_check CHECK ((count > 0)),
    CONSTRAINT claims_not_overused CHECK (((used >= 0) AND (used <= count))),
    CONSTRAINT claims_token_hash_check CHECK ((length(token_hash) = 32))
);


--
-- Name: devices; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.devices (
    id uuid NOT NULL,
    serial text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    group_name text DEFAULT ''::text NOT NULL,
    tags text[] NOT NULL,
    name text NOT NULL,
    factory_ca bytea,
    public_key_hash bytea,
    polling_token_hash bytea,
    polling_token_used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    enrolled_at timestamp with time zone,
    reset_at timestamp with time zone,
    otp_director_key bytea,
    otp_root_version bigint,
    otp_root_document_hash bytea,
    otp_publisher_signature_required boolean,
    otp_security_epoch bigint,
    otp_reported jsonb,
    otp_reported_at timestamp with time zone,
    otp_differences text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT devices_check CHECK (((public_key_hash IS NULL) OR (polling_token_hash IS NULL))),
    CONSTRAINT devices_polling_token_hash_check CHECK ((length(polling_token_hash) = 32)),
    CONSTRAINT devices_public_key_hash_check CHECK ((length(public_key_hash) = 32))
);


--
-- Name: factory_cas; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.factory_cas (
    id bytea NOT NULL,
    certificate bytea NOT NULL,
    subject text NOT NULL,
    not_after timestamp with time zone NOT NULL,
    product text NOT NULL,
    group_name text NOT NULL,
    tags text[] NOT NULL,
    name_prefix text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT factory_cas_id_check CHECK ((length(id) = 32))
);


--
-- Name: issuers; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.issuers (
    key_hash bytea NOT NULL,
    certificate bytea NOT NULL,
    not_after timestamp with time zone NOT NULL,
    first_seen timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changes bigint DEFAULT 0 NOT NULL,
    crl_changes bigint DEFAULT '-1'::integer NOT NULL,
    crl bytea,
    crl_number bigint DEFAULT 0 NOT NULL,
    crl_this_update timestamp with time zone,
    crl_next_update timestamp with time zone,
    CONSTRAINT issuers_key_hash_check CHECK ((length(key_hash) = 32))
);


--
-- Name: registrations; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.registrations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    serial text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    group_name text NOT NULL,
    tags text[] NOT NULL,
    name text NOT NULL,
    public_key_hash bytea,
    secret_hash bytea,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT registrations_check CHECK (((public_key_hash IS NULL) <> (secret_hash IS NULL))),
    CONSTRAINT registrations_public_key_hash_check CHECK ((length(public_key_hash) = 32)),
    CONSTRAINT registrations_secret_hash_check CHECK ((length(secret_hash) = 32))
);


--
-- Name: revocation_lists; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.revocation_lists (
    issuer bytea NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    revision bigint NOT NULL,
    nonce bytea NOT NULL,
    crl bytea NOT NULL,
    entry_count bigint NOT NULL,
    this_update timestamp with time zone NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT revocation_lists_kind_check CHECK ((kind = ANY (ARRAY['first'::text, 'full'::text, 'partial'::text])))
);


--
-- Name: revocation_revisions; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.revocation_revisions (
    revision bigint NOT NULL,
    nonce bytea NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: revocation_state; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.revocation_state (
    only_row boolean DEFAULT true NOT NULL,
    state bigint DEFAULT 1 NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    trust_roots text DEFAULT ''::text NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    nonce bytea DEFAULT '\x'::bytea NOT NULL,
    published_at timestamp with time zone,
    CONSTRAINT revocation_state_only_row_check CHECK (only_row)
);


--
-- Name: revoked_devices; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.revoked_devices (
    device_id uuid NOT NULL,
    reason text NOT NULL,
    requester text NOT NULL,
    revoked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    next_disconnect_at timestamp with time zone DEFAULT clock_timestamp()
);


--
-- Name: schema_additions; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.schema_additions (
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    compatible_from bigint NOT NULL
);


--
-- Name: schema_migrations; Type: TABLE; Schema: provisioner; Owner: -
--

CREATE TABLE provisioner.schema_migrations (
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    compatible_from bigint
);


--
-- Name: audit; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    principal text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb NOT NULL,
    via text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    claimed text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: audit_ids; Type: SEQUENCE; Schema: registry; Owner: -
--

CREATE SEQUENCE registry.audit_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: crashes; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.crashes (
    number bigint NOT NULL,
    device_id uuid NOT NULL,
    report_id uuid NOT NULL,
    app_name text NOT NULL COLLATE pg_catalog."C",
    group_id text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    report bytea NOT NULL,
    last_lines bytea NOT NULL,
    occurred_at timestamp with time zone,
    version bigint
)
WITH (toast_tuple_target='128');


--
-- Name: crashes_number_seq; Type: SEQUENCE; Schema: registry; Owner: -
--

ALTER TABLE registry.crashes ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME registry.crashes_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: device_runs; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.device_runs (
    device_id uuid NOT NULL,
    run text NOT NULL COLLATE pg_catalog."C",
    earlier text[] DEFAULT '{}'::text[] NOT NULL,
    cloned_at timestamp with time zone,
    told_at timestamp with time zone
);


--
-- Name: devices; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.devices (
    id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    serial text DEFAULT ''::text NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    highest_version bigint DEFAULT 0 NOT NULL,
    desired_version bigint,
    desired_digest bytea,
    reported_version bigint,
    reported_digest bytea,
    reported_slot text,
    reported_status text,
    reported_reason text,
    reported_at timestamp with time zone,
    failed_version bigint,
    failed_digest bytea,
    failed_reason text DEFAULT ''::text NOT NULL,
    switch_gap_nanoseconds bigint DEFAULT 0 NOT NULL,
    decommissioned_at timestamp with time zone,
    state text GENERATED ALWAYS AS (
CASE
    WHEN (decommissioned_at IS NOT NULL) THEN 'decommissioned'::text
    WHEN (desired_version IS NULL) THEN 'unassigned'::text
    WHEN ((reported_version = desired_version) AND (reported_digest = desired_digest) AND (reported_status = 'confirmed'::text)) THEN 'current'::text
    WHEN ((failed_version = desired_version) AND (failed_digest = desired_digest)) THEN 'failed'::text
    ELSE 'pending'::text
END) STORED NOT NULL,
    divergence text DEFAULT ''::text NOT NULL,
    waiting_version bigint,
    waiting_reason text,
    waiting_since timestamp with time zone,
    restarting_until timestamp with time zone,
    crash_looping_until timestamp with time zone,
    crashed_version bigint,
    health_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT devices_check CHECK (((desired_version IS NULL) = (desired_digest IS NULL))),
    CONSTRAINT devices_check1 CHECK (((failed_version IS NULL) = (failed_digest IS NULL)))
);


--
-- Name: director_keys; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.director_keys (
    key_id bytea NOT NULL,
    public_key bytea NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT director_keys_key_id_check CHECK ((octet_length(key_id) = 8)),
    CONSTRAINT director_keys_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT director_keys_state_check CHECK ((state = ANY (ARRAY['next'::text, 'active'::text, 'retired'::text])))
);


--
-- Name: event_allowances; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.event_allowances (
    device_id uuid NOT NULL,
    full_at timestamp with time zone NOT NULL,
    granted bigint NOT NULL,
    written bigint NOT NULL,
    omitted bigint DEFAULT 0 NOT NULL,
    omitted_since timestamp with time zone
)
WITH (fillfactor='50');


--
-- Name: event_ids; Type: SEQUENCE; Schema: registry; Owner: -
--

CREATE SEQUENCE registry.event_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: events; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.events (
    row_id bigint NOT NULL,
    id bigint,
    device_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    detail jsonb NOT NULL
);


--
-- Name: events_row_id_seq; Type: SEQUENCE; Schema: registry; Owner: -
--

ALTER TABLE registry.events ALTER COLUMN row_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME registry.events_row_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: firmware; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.firmware (
    device_id uuid NOT NULL,
    version bigint NOT NULL,
    digest bytea NOT NULL,
    length_bytes bigint NOT NULL,
    app_name text NOT NULL,
    app_version text NOT NULL,
    security_epoch bigint NOT NULL,
    host_api_level bigint NOT NULL,
    publisher_key_id bytea NOT NULL,
    publisher_signature bytea NOT NULL,
    configuration bytea NOT NULL,
    idempotency_key text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    notified_at timestamp with time zone,
    trial_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    failed_at timestamp with time zone,
    failed_status text,
    failed_reason text,
    switch_gap_nanoseconds bigint DEFAULT 0 NOT NULL,
    CONSTRAINT firmware_configuration_check CHECK ((octet_length(configuration) = 512)),
    CONSTRAINT firmware_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT firmware_length_bytes_check CHECK ((length_bytes > 0)),
    CONSTRAINT firmware_version_check CHECK ((version > 0))
)
WITH (fillfactor='90');


--
-- Name: log_lines; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.log_lines (
    log_number bigint NOT NULL,
    cursor bigint NOT NULL,
    line_id bigint NOT NULL,
    realtime_nanoseconds bigint NOT NULL,
    monotonic_nanoseconds bigint NOT NULL,
    firmware_version bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    level integer NOT NULL,
    source text NOT NULL,
    line text NOT NULL,
    CONSTRAINT log_lines_level_check CHECK (((level >= 0) AND (level <= 3)))
);


--
-- Name: log_marks; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.log_marks (
    log_number bigint NOT NULL,
    log_id text NOT NULL COLLATE pg_catalog."C",
    stored_through bigint NOT NULL,
    last_cursor bigint NOT NULL,
    run bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');


--
-- Name: logs; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.logs (
    number bigint NOT NULL,
    device_id uuid,
    last_cursor bigint DEFAULT 0 NOT NULL,
    size_bytes bigint DEFAULT 0 NOT NULL,
    oldest_at timestamp with time zone,
    followed_until timestamp with time zone
)
WITH (fillfactor='70');


--
-- Name: logs_number_seq; Type: SEQUENCE; Schema: registry; Owner: -
--

ALTER TABLE registry.logs ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME registry.logs_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: outbox; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.outbox (
    device_id uuid NOT NULL,
    version bigint NOT NULL,
    cause text NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    claimed_until timestamp with time zone,
    claim uuid,
    attempts bigint DEFAULT 0 NOT NULL,
    last_error text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ready_at timestamp with time zone GENERATED ALWAYS AS (GREATEST(due_at, claimed_until)) STORED NOT NULL,
    CONSTRAINT outbox_cause_check CHECK ((cause = ANY (ARRAY['assigned'::text, 'requested'::text, 'reconciled'::text])))
);


--
-- Name: removals; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.removals (
    device_id uuid NOT NULL,
    events_through bigint NOT NULL,
    kinds text[],
    requested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: reports; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.reports (
    device_id uuid NOT NULL,
    sequence bigint DEFAULT 0 NOT NULL,
    last_seen timestamp with time zone,
    online_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');


--
-- Name: retired_versions; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.retired_versions (
    device_id uuid NOT NULL,
    highest_version bigint NOT NULL
);


--
-- Name: TABLE retired_versions; Type: COMMENT; Schema: registry; Owner: -
--

COMMENT ON TABLE registry.retired_versions IS 'The highest version of each deleted device: made again under the same ID, it goes on from there.';


--
-- Name: revocations; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.revocations (
    device_id uuid NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    source text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_error text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: root_documents; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.root_documents (
    version bigint NOT NULL,
    document bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT root_documents_version_check CHECK ((version > 0))
);


--
-- Name: schema_additions; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.schema_additions (
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    compatible_from bigint NOT NULL
);


--
-- Name: schema_migrations; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.schema_migrations (
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    compatible_from bigint
);


--
-- Name: tokens; Type: TABLE; Schema: registry; Owner: -
--

CREATE TABLE registry.tokens (
    number bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT tokens_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT tokens_scopes_check CHECK ((cardinality(scopes) > 0))
)
WITH (fillfactor='80');


--
-- Name: tokens_number_seq; Type: SEQUENCE; Schema: registry; Owner: -
--

ALTER TABLE registry.tokens ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME registry.tokens_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Data for Name: certificates; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.certificates VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', '\x43b26339717dcec6cfd0448d3bb5b708', '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'urn:xtblish:device:3ab8443a-2812-4bd0-908d-b1f90daaa795', '\x5a2666eadcf054945c3f6ed8d663397ea1c1c6e53075d0bac5e57ecc7f427fc7', '2026-11-30 11:37:40+00', '2027-02-28 11:47:40+00', '2026-11-30 11:47:40.60526+00', NULL, NULL, true, NULL, '\x3082025a30820201a003020102021043b26339717dcec6cfd0448d3bb5b708300a06082a8648ce3d04030230263124302206035504030c1b7874626c6973682069737375696e67204341203531383964373835301e170d3236313133303131333734305a170d3237303232383131343734305a302f312d302b06035504030c2433616238343433612d323831322d346264302d393038642d6231663930646161613739353059301306072a8648ce3d020106082a8648ce3d03010703420004f420b31ca088d0670e1f520b137b5b2dc2d03bcacc4d86e6a8f9d62c3f37abcc9203096143328462a0cc5e998c2037f94df8d8154e4f525aa241242d7bdd74a0a382010630820102300c0603551d130101ff04023000300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070302301d0603551d0e04160414ecd94165c31e09bbfe85a6bc4006ea92a241f8d3301f0603551d23041830168014244888328a8369e6ef0d674042e573136dcb172230420603551d11043b3039863775726e3a7874626c6973683a6465766963653a33616238343433612d323831322d346264302d393038642d62316639306461616137393530490603551d1f04423040303ea03ca03a863875726e3a7874626c6973683a63657274696669636174653a3433623236333339373137646365633663666430343438643362623562373038300a06082a8648ce3d04030203470030440220220b7e6822960eebd0ad47923bcb474b9aba1c27b881db2da735db688f218443022043882d5c7eb9047c8812ccdf203fcae95c583b6ff95ac8bb7646009abce170a3');
INSERT INTO provisioner.certificates VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', '\x4981e1300b41c4631ad5d132bedd685f', '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'urn:xtblish:device:32e4678a-d4c5-4b3c-9661-a8d7be460599', '\x1bf585be1d106da14ebc5f95db263b2a349583f88a520f6f92cff7bad48cc549', '2026-11-30 11:37:41+00', '2027-02-28 11:47:41+00', '2026-11-30 11:47:41.620937+00', NULL, NULL, true, NULL, '\x3082025b30820201a00302010202104981e1300b41c4631ad5d132bedd685f300a06082a8648ce3d04030230263124302206035504030c1b7874626c6973682069737375696e67204341203531383964373835301e170d3236313133303131333734315a170d3237303232383131343734315a302f312d302b06035504030c2433326534363738612d643463352d346233632d393636312d6138643762653436303539393059301306072a8648ce3d020106082a8648ce3d0301070342000496ff575bd1cd390f36c2427c5e05e2682d73b1815ee830b8321de0d441ceb00ee9697c68c47711db96d5a30c4ac4cf33448f8f5b32642e978a21228c100ec852a382010630820102300c0603551d130101ff04023000300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070302301d0603551d0e041604143f8dc5d57f8446eb6f701e71496d0b6fe5e20489301f0603551d23041830168014244888328a8369e6ef0d674042e573136dcb172230420603551d11043b3039863775726e3a7874626c6973683a6465766963653a33326534363738612d643463352d346233632d393636312d61386437626534363035393930490603551d1f04423040303ea03ca03a863875726e3a7874626c6973683a63657274696669636174653a3439383165313330306234316334363331616435643133326265646436383566300a06082a8648ce3d040302034800304502207bb42f377047e7c6aa649ee1072ba8c48b59405d6736488fc67c76ebf471778b022100dc71df534a5d3ea6ec01bfad077d1bac52311ff4d9f1db911b8a71ae75cee109');
INSERT INTO provisioner.certificates VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', '\x63973dfd86ba16d5ca53fa91ae778d6d', '5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'urn:xtblish:device:5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', '\x594f7cd2255a56a34aa415f36572104b3a04daf7233a654167bbfda514489f76', '2026-11-30 11:37:53+00', '2027-02-28 11:47:53+00', '2026-11-30 11:47:53.154458+00', '2026-11-30 11:47:54.162365+00', 'reset', true, 2, '\x3082025a30820201a003020102021063973dfd86ba16d5ca53fa91ae778d6d300a06082a8648ce3d04030230263124302206035504030c1b7874626c6973682069737375696e67204341203531383964373835301e170d3236313133303131333735335a170d3237303232383131343735335a302f312d302b06035504030c2435643564663665632d343964352d343830302d386534342d6236316238623232613665613059301306072a8648ce3d020106082a8648ce3d0301070342000450bfa241aadf394a073014badd46b2107f6321fb4eb3203adba1b815bd459e34222922b9030c8644013073221959e546e55bf843bb34d9fd8d0b84c6ffebf470a382010630820102300c0603551d130101ff04023000300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070302301d0603551d0e0416041444918e2daf392fc411fe470695e4fc4032b52f84301f0603551d23041830168014244888328a8369e6ef0d674042e573136dcb172230420603551d11043b3039863775726e3a7874626c6973683a6465766963653a35643564663665632d343964352d343830302d386534342d62363162386232326136656130490603551d1f04423040303ea03ca03a863875726e3a7874626c6973683a63657274696669636174653a3633393733646664383662613136643563613533666139316165373738643664300a06082a8648ce3d0403020347003044022055d31a9ff1f212752d15974a3702f738fb3a4494f1a64059e761e1d36ef0c03e02200d9d3f1bd94773fc46e30301e5152e4d313eee9138fe3ce58df9f2dacf339616');


--
-- Data for Name: claim_uses; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.claim_uses VALUES ('6258fe34-0f00-4946-913b-22f34d9b3a4d', 'SN-3', 1, '5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', '2026-11-30 11:47:53.14694+00');


--
-- Data for Name: claims; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.claims VALUES ('4c4e25fb-1782-4cb0-9df8-0f989ca943d4', '\xd808b2f69dc6d9500a0f4595fd28c1917b8c3825f99e01fa35faedaca390cb6a', 2, 0, '', '{}', 'device-4c4e25fb', '2026-11-30 11:47:52.757464+00', '2026-11-30 12:47:52.757464+00', '2026-11-30 11:47:52.944572+00', '', '{}');
INSERT INTO provisioner.claims VALUES ('6258fe34-0f00-4946-913b-22f34d9b3a4d', '\xd6708065a246f40770b68cba269c83956d5a8b870316b9069466398c5730a68e', 1, 1, '', '{hall}', 'press', '2026-11-30 11:47:53.001422+00', '2026-12-01 11:47:53.001422+00', NULL, '', '{}');


--
-- Data for Name: devices; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.devices VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', 'stack-device-2', '', '', '{}', 'device-2', NULL, '\x1bf585be1d106da14ebc5f95db263b2a349583f88a520f6f92cff7bad48cc549', NULL, NULL, '2026-11-30 11:47:41.611493+00', '2026-11-30 11:47:41.6212+00', NULL, '\x8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3', 1, '\x07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263', true, 0, '{"deviceID": "32e4678a-d4c5-4b3c-9661-a8d7be460599", "directorKey": "8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3", "provisioned": true, "publicKeyHash": "1bf585be1d106da14ebc5f95db263b2a349583f88a520f6f92cff7bad48cc549", "securityEpoch": 0, "rootDocumentHash": "07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263", "publisherSignatureRequired": true}', '2026-11-30 11:47:42.473449+00', '{}');
INSERT INTO provisioner.devices VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 'stack-device-1', '', '', '{}', 'device-1', NULL, '\x5a2666eadcf054945c3f6ed8d663397ea1c1c6e53075d0bac5e57ecc7f427fc7', NULL, NULL, '2026-11-30 11:47:40.559964+00', '2026-11-30 11:47:40.605798+00', NULL, '\x8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3', 1, '\x07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263', true, 0, '{"deviceID": "3ab8443a-2812-4bd0-908d-b1f90daaa795", "directorKey": "8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3", "provisioned": true, "publicKeyHash": "5a2666eadcf054945c3f6ed8d663397ea1c1c6e53075d0bac5e57ecc7f427fc7", "securityEpoch": 0, "rootDocumentHash": "07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263", "publisherSignatureRequired": true}', '2026-11-30 11:47:42.535667+00', '{}');
INSERT INTO provisioner.devices VALUES ('5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'SN-3', '', '', '{hall}', 'press-1', NULL, '\x594f7cd2255a56a34aa415f36572104b3a04daf7233a654167bbfda514489f76', NULL, NULL, '2026-11-30 11:47:53.146575+00', '2026-11-30 11:47:53.15488+00', '2026-11-30 11:47:54.163537+00', '\x8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3', 1, '\x07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263', true, 0, '{"deviceID": "5d5df6ec-49d5-4800-8e44-b61b8b22a6ea", "directorKey": "8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3", "provisioned": true, "publicKeyHash": "594f7cd2255a56a34aa415f36572104b3a04daf7233a654167bbfda514489f76", "securityEpoch": 0, "rootDocumentHash": "07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263", "publisherSignatureRequired": true}', '2026-11-30 11:47:54.056178+00', '{}');


--
-- Data for Name: factory_cas; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.factory_cas VALUES ('\x70e8203ebbd0c59a65b0463643de7b6efd89aad73c259d8b08a8ee8cac2367cd', '\x3082017a3082011fa00302010202146af9ba0a7785a102dcb9b8994d760441a63b1ea6300a06082a8648ce3d04030230123110300e06035504030c07466163746f7279301e170d3236313133303131343735345a170d3236313233303131343735345a30123110300e06035504030c07466163746f72793059301306072a8648ce3d020106082a8648ce3d03010703420004b20fbfc621c8cee5d74c4ad48d65a52fb67f287c0853ec79e063936a07dd8bb91ac3e879144c029ab59bf5fb37050e20220eecd8531451504b72f4adaedb8249a3533051301d0603551d0e04160414bb034cef8f944033f1a74853dfd6a8fc05096644301f0603551d23041830168014bb034cef8f944033f1a74853dfd6a8fc05096644300f0603551d130101ff040530030101ff300a06082a8648ce3d0403020349003046022100c3592c54abc6c9106a99f09dcb12aa2f68c4b8acf2104ebb325478648caef326022100ad48ad64bfb62828451b71ce19570c9ca96e61dda41a10e5adb21f2dcbe42852', 'Factory', '2026-12-30 11:47:54+00', '', '', '{factory}', 'device', '2026-11-30 11:47:54.636942+00', '2026-11-30 11:47:54.735142+00');


--
-- Data for Name: issuers; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.issuers VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', '\x308201a930820150a003020102021051c3cf253a3c51c1bfb136abdfdd0df6300a06082a8648ce3d0403023020311e301c06035504030c157874626c69736820726f6f74203763303365386564301e170d3236313133303131333732365a170d3331313132393131343732365a30263124302206035504030c1b7874626c6973682069737375696e672043412035313839643738353059301306072a8648ce3d020106082a8648ce3d030107034200046a76e17aabeb0188a64a99188e7fe8c096a9571f8697b18b48f581867c500ada8277d1d7c416ce161b4d28561a216aea92d06b0a2b3238a9b26997a78b6a2024a366306430120603551d130101ff040830060101ff020100300e0603551d0f0101ff040403020106301d0603551d0e04160414244888328a8369e6ef0d674042e573136dcb1722301f0603551d230418301680145567c57a2b9832817221afa64ff5ff0497e4fee2300a06082a8648ce3d0403020347003044022068936e984de0acaae51a2b6187d36960e897335aabba189812ab03f83a6c0718022032615e6d63868e45392dad96fece2850dd8e44e82427b55e4feae947e6e6f6d8', '2031-11-29 11:47:26+00', '2026-11-30 11:47:39.225616+00', 1, -1, NULL, 0, NULL, NULL);


--
-- Data for Name: registrations; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.registrations VALUES ('d9bf40e1-3c2d-441c-9dd2-223622751c66', 'stack-device-1', '', '', '{}', 'device-1', NULL, '\x556955c8738e4f88597c248bc74dae2e5e2b1ed7324431c5357e1cb5fde1b056', '2026-11-30 11:47:40.261216+00');
INSERT INTO provisioner.registrations VALUES ('20692886-db05-45f0-a540-1c0c85357e35', 'stack-device-2', '', '', '{}', 'device-2', NULL, '\x29675ea679cf7654e75f785301f1305cdd961be0483b195ad1ca40b52c80cc7f', '2026-11-30 11:47:41.436321+00');


--
-- Data for Name: revocation_lists; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.revocation_lists VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', 1, 'first', 1, '\x5a389440500c72e37c32471ec3e6b60f', '\x3081e0308186020101300a06082a8648ce3d04030230263124302206035504030c1b7874626c6973682069737375696e67204341203531383964373835170d3236313133303131333732365a170d3331313230313131343732365aa02f302d301f0603551d23041830168014244888328a8369e6ef0d674042e573136dcb1722300a0603551d140403020101300a06082a8648ce3d040302034900304602210098e2d9788e65618c85171ab6864402c83c2d984e93e6525541c5130861d7e2fd022100f639d05bab9d969df164c50ee29e6c11121171517caa2c89b40cd908aa79338d', 0, '2026-11-30 11:37:26+00', '2026-11-30 11:47:39.262815+00');
INSERT INTO provisioner.revocation_lists VALUES ('\x5189d7851f1f0077e24af6e0fb270bb6dbdee8f0743e4c29bf51e956786143da', 2, 'partial', 2, '\x70c5c113a4ec55fddd2dbff3dcca6a4c', '\x308201513081f7020101300a06082a8648ce3d04030230263124302206035504030c1b7874626c6973682069737375696e67204341203531383964373835170d3236313133303131343235345a170d3331313230313131343732365a30233021021063973dfd86ba16d5ca53fa91ae778d6d170d3236313133303131343735345aa07b3079301f0603551d23041830168014244888328a8369e6ef0d674042e573136dcb1722300a0603551d140403020102304a0603551d1c0101ff0440303ea03ca03a863875726e3a7874626c6973683a63657274696669636174653a3633393733646664383662613136643563613533666139316165373738643664300a06082a8648ce3d040302034900304602210083513d8f24967b852423ceca492d2a1929a6e19ba2154b6c0376853065a65be6022100e092c2b4fa44f54c318f6655706f7aa2d14c31413a72eae542827b41748fa5ce', 1, '2026-11-30 11:42:54+00', '2026-11-30 11:47:54.171739+00');


--
-- Data for Name: revocation_revisions; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.revocation_revisions VALUES (1, '\x5a389440500c72e37c32471ec3e6b60f', '2026-11-30 11:47:39.263665+00');
INSERT INTO provisioner.revocation_revisions VALUES (2, '\x70c5c113a4ec55fddd2dbff3dcca6a4c', '2026-11-30 11:47:54.1738+00');


--
-- Data for Name: revocation_state; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.revocation_state VALUES (true, 4, 1, '-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQbpRvdgZAa01uQhkFTSeYhDAKBggqhkjOPQQDAjAgMR4w
HAYDVQQDDBV4dGJsaXNoIHJvb3QgN2MwM2U4ZWQwHhcNMjYxMTMwMTEzNzI2WhcN
NDYxMTI1MTE0NzI2WjAgMR4wHAYDVQQDDBV4dGJsaXNoIHJvb3QgN2MwM2U4ZWQw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQiY6QivcvBDGh4e6a/lDiFZb64dn1H
Z4RlMGkj58VI0QdbapiNCkF38bs9CBFiwptEyMlcCEZomy+i9nvo4JWeo2MwYTAP
BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUVWfFeiuY
MoFyIa+mT/X/BJfk/uIwHwYDVR0jBBgwFoAUVWfFeiuYMoFyIa+mT/X/BJfk/uIw
CgYIKoZIzj0EAwIDSAAwRQIhAL3if1siZ3WrC/CfOCVu9/8zldRX8NB5daKxl/Kq
XQRBAiB1b7pmS1C03nW6TUQS490K18uNijmuK6m2EjklZ6m2HA==
-----END CERTIFICATE-----
', 2, '\x70c5c113a4ec55fddd2dbff3dcca6a4c', '2026-11-30 11:47:54.173653+00');


--
-- Data for Name: revoked_devices; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.revoked_devices VALUES ('9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'lost', 'operator:stack', '2026-11-30 11:47:51.690233+00', '2026-11-30 11:48:21.690233+00');
INSERT INTO provisioner.revoked_devices VALUES ('5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'reset', 'operator:stack', '2026-11-30 11:47:54.161995+00', '2026-11-30 11:48:24.161995+00');


--
-- Data for Name: schema_additions; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.schema_additions VALUES (4, 'revocations in publications', '\x0fc7127e22d1ba9ae062b940aedb571bc81cd11622810a812f75d79ae7642b15', '2026-11-30 11:47:39.059964+00', 3);


--
-- Data for Name: schema_migrations; Type: TABLE DATA; Schema: provisioner; Owner: -
--

INSERT INTO provisioner.schema_migrations VALUES (1, 'claims', '\x13cf48e0890b10aec5dfee1e8e19c863220f0d1feb022d227e3b647d39fbbc0b', '2026-11-30 11:47:38.799201+00', 1);
INSERT INTO provisioner.schema_migrations VALUES (2, 'authority', '\xa94807086f1f4fd2c7e29fa92be9f5d828c607c50dd1efab258e9d169c7c083f', '2026-11-30 11:47:38.857752+00', 2);
INSERT INTO provisioner.schema_migrations VALUES (3, 'devices, registrations, factory CAs', '\x1cabf6dc9c7d15c3efbee695cd3e37f9c469efb661cb9398c07e702a754ab433', '2026-11-30 11:47:38.923716+00', 3);


--
-- Data for Name: audit; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.audit VALUES (1, '2026-11-30 11:47:39.394656+00', 'registry', 'create-director-key', 'director:f08aff23d65fc754', 'start', 'allowed', '{"state": "active"}', '', '');
INSERT INTO registry.audit VALUES (2, '2026-11-30 11:47:39.810104+00', 'operator:stack', 'publish-root-document', 'root-document:1', 'bus', 'allowed', '{"digest": "sha256:07a026b24a68d27198620f3b6108e903844a46b09852075359ed78db1799d263"}', '', '');
INSERT INTO registry.audit VALUES (3, '2026-11-30 11:47:40.000743+00', 'operator:stack', 'create-token', 'token:stack-admin', 'bus', 'allowed', '{"scopes": ["admin"]}', '', '');
INSERT INTO registry.audit VALUES (4, '2026-11-30 11:47:40.135188+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:stack-device-1', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (5, '2026-11-30 11:47:40.147574+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:stack-device-1', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (6, '2026-11-30 11:47:40.252722+00', 'provisioner:provisioner-1', 'register-device', 'serial:stack-device-1', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (7, '2026-11-30 11:47:40.271535+00', 'provisioner:provisioner-1', 'register-device', 'serial:stack-device-1', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (8, '2026-11-30 11:47:40.585361+00', 'provisioner:provisioner-1', 'create-device', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{"name": "device-1", "serial": "stack-device-1"}', '', '');
INSERT INTO registry.audit VALUES (9, '2026-11-30 11:47:41.227562+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:stack-device-2', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (10, '2026-11-30 11:47:41.237559+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:stack-device-2', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (11, '2026-11-30 11:47:41.434574+00', 'provisioner:provisioner-1', 'register-device', 'serial:stack-device-2', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (12, '2026-11-30 11:47:41.43818+00', 'provisioner:provisioner-1', 'register-device', 'serial:stack-device-2', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (13, '2026-11-30 11:47:41.618516+00', 'provisioner:provisioner-1', 'create-device', 'device:32e4678a-d4c5-4b3c-9661-a8d7be460599', 'bus', 'allowed', '{"name": "device-2", "serial": "stack-device-2"}', '', '');
INSERT INTO registry.audit VALUES (14, '2026-11-30 11:47:48.877803+00', 'token:stack-admin', 'upload-firmware', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', '127.0.0.1', 'begun', '{}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (15, '2026-11-30 11:47:48.972454+00', 'token:stack-admin', 'assign-image', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', '127.0.0.1', 'allowed', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "appName": "quick", "version": 1, "appVersion": "1.0", "lengthBytes": 170}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (16, '2026-11-30 11:47:49.583487+00', 'token:stack-admin', 'upload-firmware', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', '127.0.0.1', 'begun', '{}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (17, '2026-11-30 11:47:49.643197+00', 'token:stack-admin', 'assign-image', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', '127.0.0.1', 'allowed', '{"digest": "sha256:ce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd52", "appName": "quick", "version": 2, "appVersion": "2.0", "lengthBytes": 170}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (18, '2026-11-30 11:47:50.547008+00', 'operator:stack', 'roll-back-firmware', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "appName": "quick", "imageOf": 1, "version": 3, "appVersion": "1.0", "lengthBytes": 170}', '', '');
INSERT INTO registry.audit VALUES (19, '2026-11-30 11:47:51.081714+00', 'operator:stack', 'create-device', 'device:9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'bus', 'allowed', '{"name": "spare", "serial": "SN-9"}', '', '');
INSERT INTO registry.audit VALUES (20, '2026-11-30 11:47:51.174897+00', 'operator:stack', 'update-device', 'device:9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'bus', 'allowed', '{"name": "spare-2", "tags": ["south"]}', '', '');
INSERT INTO registry.audit VALUES (21, '2026-11-30 11:47:51.515972+00', 'operator:stack', 'renotify-device', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{"version": 3}', '', '');
INSERT INTO registry.audit VALUES (22, '2026-11-30 11:47:51.639978+00', 'operator:stack', 'decommission-device', 'device:9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'bus', 'allowed', '{"reason": "lost"}', '', '');
INSERT INTO registry.audit VALUES (23, '2026-11-30 11:47:51.770452+00', 'operator:stack', 'recommission-device', 'device:9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'bus', 'allowed', '{"reason": "found"}', '', '');
INSERT INTO registry.audit VALUES (24, '2026-11-30 11:47:52.016185+00', 'operator:stack', 'delete-device', 'device:9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'bus', 'allowed', '{"name": "spare-2", "serial": "SN-9"}', '', '');
INSERT INTO registry.audit VALUES (25, '2026-11-30 11:47:52.288889+00', 'notifier:notifier-1', 'renotify-device', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{"version": 3}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (26, '2026-11-30 11:47:52.465738+00', 'operator:stack', 'create-token', 'token:recorded', 'bus', 'allowed', '{"scopes": ["read"], "lifetimeSeconds": 86400}', '', '');
INSERT INTO registry.audit VALUES (27, '2026-11-30 11:47:52.634463+00', 'operator:stack', 'revoke-token', 'token:recorded', 'bus', 'allowed', '{}', '', '');
INSERT INTO registry.audit VALUES (28, '2026-11-30 11:47:52.752633+00', 'provisioner:provisioner-1', 'create-claim', '', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (29, '2026-11-30 11:47:52.761113+00', 'provisioner:provisioner-1', 'create-claim', '', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (30, '2026-11-30 11:47:52.939256+00', 'provisioner:provisioner-1', 'revoke-claim', 'claim:4c4e25fb-1782-4cb0-9df8-0f989ca943d4', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (31, '2026-11-30 11:47:52.951583+00', 'provisioner:provisioner-1', 'revoke-claim', 'claim:4c4e25fb-1782-4cb0-9df8-0f989ca943d4', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (32, '2026-11-30 11:47:52.991756+00', 'provisioner:provisioner-1', 'create-claim', '', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (33, '2026-11-30 11:47:53.003064+00', 'provisioner:provisioner-1', 'create-claim', '', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (34, '2026-11-30 11:47:53.150874+00', 'provisioner:provisioner-1', 'create-device', 'device:5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'bus', 'allowed', '{"name": "press-1", "serial": "SN-3"}', '', '');
INSERT INTO registry.audit VALUES (35, '2026-11-30 11:47:54.158942+00', 'provisioner:provisioner-1', 'reset-device', 'serial:SN-3', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (36, '2026-11-30 11:47:54.168039+00', 'provisioner:provisioner-1', 'reset-device', 'serial:SN-3', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (37, '2026-11-30 11:47:54.256633+00', 'provisioner:provisioner-1', 'revoke-device', 'device:5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (38, '2026-11-30 11:47:54.302363+00', 'provisioner:provisioner-1', 'revoke-device', 'device:5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (39, '2026-11-30 11:47:54.410723+00', 'provisioner:provisioner-1', 'register-device', 'serial:SN-77', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (40, '2026-11-30 11:47:54.419392+00', 'provisioner:provisioner-1', 'register-device', 'serial:SN-77', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (41, '2026-11-30 11:47:54.545535+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:SN-77', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (42, '2026-11-30 11:47:54.549724+00', 'provisioner:provisioner-1', 'unregister-device', 'serial:SN-77', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (43, '2026-11-30 11:47:54.632646+00', 'provisioner:provisioner-1', 'add-factory-ca', '', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (44, '2026-11-30 11:47:54.641787+00', 'provisioner:provisioner-1', 'add-factory-ca', '', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (45, '2026-11-30 11:47:54.730877+00', 'provisioner:provisioner-1', 'remove-factory-ca', 'factory-ca:70e8203ebbd0c59a65b0463643de7b6efd89aad73c259d8b08a8ee8cac2367cd', 'bus', 'begun', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (46, '2026-11-30 11:47:54.737467+00', 'provisioner:provisioner-1', 'remove-factory-ca', 'factory-ca:70e8203ebbd0c59a65b0463643de7b6efd89aad73c259d8b08a8ee8cac2367cd', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (47, '2026-11-30 11:47:54.953254+00', 'operator:stack', 'create-director-key', 'director:3a4c0367931f7b63', 'bus', 'allowed', '{"state": "next"}', '', '');
INSERT INTO registry.audit VALUES (48, '2026-11-30 11:47:55.00019+00', 'operator:stack', 'publish-root-document', 'root-document:2', 'bus', 'allowed', '{"digest": "sha256:0c6f76ac6bf8f794fd0d748d33298e6be4a426789a06545066fe697943133169"}', '', '');
INSERT INTO registry.audit VALUES (49, '2026-11-30 11:47:55.147249+00', 'operator:stack', 'send-to-app', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{"bytes": 5, "topic": "greeting"}', '', '');
INSERT INTO registry.audit VALUES (50, '2026-11-30 11:47:55.238899+00', 'notifier:notifier-1', 'listen-to-app', 'device:3ab8443a-2812-4bd0-908d-b1f90daaa795', 'bus', 'allowed', '{}', '', 'operator:stack');
INSERT INTO registry.audit VALUES (51, '2026-11-30 11:47:57.606517+00', 'token:stack-admin', 'upload-firmware', 'device:32e4678a-d4c5-4b3c-9661-a8d7be460599', '127.0.0.1', 'begun', '{}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (52, '2026-11-30 11:47:57.682005+00', 'token:stack-admin', 'assign-image', 'device:32e4678a-d4c5-4b3c-9661-a8d7be460599', '127.0.0.1', 'allowed', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "appName": "crash", "version": 1, "appVersion": "", "lengthBytes": 824}', 'image-store:image-store-1', '');
INSERT INTO registry.audit VALUES (53, '2026-11-30 11:47:58.549562+00', 'operator:stack', 'retry-firmware', 'device:32e4678a-d4c5-4b3c-9661-a8d7be460599', 'bus', 'allowed', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "appName": "crash", "version": 2, "appVersion": "", "lengthBytes": 824}', '', '');


--
-- Data for Name: crashes; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.crashes OVERRIDING SYSTEM VALUE VALUES (1, '32e4678a-d4c5-4b3c-9661-a8d7be460599', '1b48ccfd-53eb-28c2-d9df-073e20a64d2d', 'crash', 'b45484b4fb9283da', '2026-11-30 11:47:58.121202+00', '\x0a1032e4678ad4c54b3c9661a8d7be46059912101b48ccfd53eb28c2d9df073e20a64d2d18fd84b3b2d286b4f61820012a203bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6320563726173684214269c1d31f14e55b9562229f9fc2dcc3ce3f5ff8a4a18696e74656765722d6469766973696f6e2d62792d7a65726f52217761736d20747261703a20696e746567657220646976696465206279207a65726f5a100805100518a9022207617665726167655a1008041015189c0222076d6561737572655a120803102318e60122097874625f6576656e746a05747269616c', '\x6248080110ada3cc83d186b4f61818fdb4cbc78f9e0f2204696e666f2a056167656e7430013a2376657273696f6e203120697320616e6e6f756e6365643b206665746368696e672069746246080210afd5cf87d186b4f61818ffe6cecb8f9e0f2204696e666f2a056167656e7430013a2176657273696f6e2031206973206865726520616e64206973207665726966696564624f080310b5dcfaa1d186b4f61818e2ebf9e58f9e0f2204696e666f2a0361707030013a2c63726173682d63207374617274733a206974206372617368657320696e20697473207468697264207469636b623c080410e2b2aba2d186b4f61818cdc3aae68f9e0f2204696e666f2a056167656e7430013a1776657273696f6e20312072756e73206f6e20747269616c6234080510aeafe1d1d186b4f61818dbbee095909e0f2204696e666f2a0361707030013a1174686520617665726167652069732032316234080610e2f1a482d286b4f618188f81a4c6909e0f2204696e666f2a0361707030013a117468652061766572616765206973203231', '2026-11-30 11:47:58.108394+00', 1);
INSERT INTO registry.crashes OVERRIDING SYSTEM VALUE VALUES (2, '32e4678a-d4c5-4b3c-9661-a8d7be460599', '2d5f0ac9-6101-83ac-e7f6-049648e8ce0b', 'crash', 'b45484b4fb9283da', '2026-11-30 11:47:58.948192+00', '\x0a1032e4678ad4c54b3c9661a8d7be46059912102d5f0ac9610183ace7f6049648e8ce0b18edfbf1bad586b4f61820022a203bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6320563726173684214269c1d31f14e55b9562229f9fc2dcc3ce3f5ff8a4a18696e74656765722d6469766973696f6e2d62792d7a65726f52217761736d20747261703a20696e746567657220646976696465206279207a65726f5a100805100518a9022207617665726167655a1008041015189c0222076d6561737572655a120803102318e60122097874625f6576656e746a05747269616c', '\x6248080810e681fc94d486b4f61818ab93fbd8929e0f2204696e666f2a056167656e7430023a2376657273696f6e203220697320616e6e6f756e6365643b206665746368696e672069746246080910af98899cd486b4f6181890a988e0929e0f2204696e666f2a056167656e7430023a2176657273696f6e2032206973206865726520616e64206973207665726966696564624f080a10f4b9baa3d486b4f6181897c9b9e7929e0f2204696e666f2a0361707030023a2c63726173682d63207374617274733a206974206372617368657320696e20697473207468697264207469636b625e080b108beff9a5d486b4f61818c4fff8e9929e0f2204696e666f2a056167656e7430023a3976657273696f6e203220746f6f6b206f7665723b206e6f206170702068616e646c6564206576656e747320666f72203531322e383835206d73623c080c10f0effda5d486b4f6181893fffce9929e0f2204696e666f2a056167656e7430023a1776657273696f6e20322072756e73206f6e20747269616c6234080d10bd9dafd3d486b4f61818e0acae97939e0f2204696e666f2a0361707030023a1174686520617665726167652069732032316234080e10f0ed8483d586b4f6181893fd83c7939e0f2204696e666f2a0361707030023a117468652061766572616765206973203231', '2026-11-30 11:47:58.931508+00', 2);


--
-- Data for Name: device_runs; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.device_runs VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', '569e16bc2ff70ab7', '{}', NULL, NULL);
INSERT INTO registry.device_runs VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', '44b7daf949425c47', '{}', NULL, NULL);


--
-- Data for Name: devices; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.devices VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 'device-1', '{}', 'stack-device-1', 1, '2026-11-30 11:47:40.578442+00', 3, 3, '\xdf2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618', 3, '\xdf2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618', 'A', 'confirmed', '', '2026-11-30 11:47:50.719957+00', NULL, NULL, '', 2079960, NULL, DEFAULT, '', NULL, NULL, NULL, NULL, NULL, NULL, '');
INSERT INTO registry.devices VALUES ('5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'press-1', '{hall}', 'SN-3', 1, '2026-11-30 11:47:53.149284+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 0, NULL, DEFAULT, '', NULL, NULL, NULL, NULL, NULL, NULL, '');
INSERT INTO registry.devices VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', 'device-2', '{}', 'stack-device-2', 1, '2026-11-30 11:47:41.616601+00', 2, 2, '\x3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6', NULL, NULL, '', 'rolled-back', 'trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297', '2026-11-30 11:47:58.957142+00', 2, '\x3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6', 'trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297', 512885072, NULL, DEFAULT, '', NULL, NULL, NULL, '2026-11-30 12:02:58.931508+00', NULL, 2, '1 crash within 15 minutes');


--
-- Data for Name: director_keys; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.director_keys VALUES ('\xf08aff23d65fc754', '\x8c9236443c3a67cab610c6942e376b3d41e7a2790a35014270eded30d1e929b3', 'retired', '2026-11-30 11:47:39.393866+00');
INSERT INTO registry.director_keys VALUES ('\x3a4c0367931f7b63', '\x17c1aeff9ada5f0975cf75e2dfc4f8490b51ab3cd65520d9d72dac0d26c6c915', 'active', '2026-11-30 11:47:54.952939+00');


--
-- Data for Name: event_allowances; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.event_allowances VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', '2026-11-30 11:48:12.616156+00', 1, 5, 0, NULL);
INSERT INTO registry.event_allowances VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', '2026-11-30 11:48:33.820036+00', 1, 8, 0, NULL);


--
-- Data for Name: events; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (1, 1, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'device-created', '2026-11-30 11:47:40.584806+00', '{"name": "device-1", "tags": [], "serial": "stack-device-1"}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (2, 2, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'device-created', '2026-11-30 11:47:41.61824+00', '{"name": "device-2", "tags": [], "serial": "stack-device-2"}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (3, 3, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'device-online', '2026-11-30 11:47:42.523849+00', '{}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (4, 4, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'state-reported', '2026-11-30 11:47:42.523883+00', '{"slot": "", "digest": "", "reason": "", "status": "confirmed", "version": 0}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (5, 5, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'device-online', '2026-11-30 11:47:42.616569+00', '{}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (6, 6, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'state-reported', '2026-11-30 11:47:42.616593+00', '{"slot": "", "digest": "", "reason": "", "status": "confirmed", "version": 0}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (7, 7, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'image-assigned', '2026-11-30 11:47:48.971487+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "appName": "quick", "version": 1, "appVersion": "1.0", "lengthBytes": 170}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (8, 8, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notified', '2026-11-30 11:47:48.994142+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "version": 1, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (9, 9, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'state-reported', '2026-11-30 11:47:49.211822+00', '{"slot": "A", "digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "reason": "", "status": "confirmed", "version": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (10, 10, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'image-assigned', '2026-11-30 11:47:49.642831+00', '{"digest": "sha256:ce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd52", "appName": "quick", "version": 2, "appVersion": "2.0", "lengthBytes": 170}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (11, 11, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notified', '2026-11-30 11:47:49.707655+00', '{"digest": "sha256:ce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd52", "version": 2, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (12, 12, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'state-reported', '2026-11-30 11:47:49.735195+00', '{"slot": "B", "digest": "sha256:ce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd52", "reason": "", "status": "confirmed", "version": 2, "switchGapNanoseconds": 628494}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (13, 13, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'image-assigned', '2026-11-30 11:47:50.526529+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "appName": "quick", "version": 3, "appVersion": "1.0", "lengthBytes": 170}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (14, 14, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notified', '2026-11-30 11:47:50.604963+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "version": 3, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (15, 15, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'state-reported', '2026-11-30 11:47:50.728989+00', '{"slot": "A", "digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "reason": "", "status": "confirmed", "version": 3, "switchGapNanoseconds": 2079960}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (18, 18, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notification-requested', '2026-11-30 11:47:51.515241+00', '{"version": 3}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (19, 19, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notified', '2026-11-30 11:47:51.5449+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "version": 3, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (22, 22, '9dcfe7bc-b1e9-4459-a5bb-eb5bb7098cbf', 'device-deleted', '2026-11-30 11:47:52.015654+00', '{"name": "spare-2", "serial": "SN-9"}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (23, 23, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notification-requested', '2026-11-30 11:47:52.288574+00', '{"version": 3}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (24, 24, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 'notified', '2026-11-30 11:47:52.397775+00', '{"digest": "sha256:df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618", "version": 3, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (25, 25, '5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 'device-created', '2026-11-30 11:47:53.150632+00', '{"name": "press-1", "tags": ["hall"], "serial": "SN-3"}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (26, 26, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'image-assigned', '2026-11-30 11:47:57.681612+00', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "appName": "crash", "version": 1, "appVersion": "", "lengthBytes": 824}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (27, 27, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'notified', '2026-11-30 11:47:57.689332+00', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "version": 1, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (28, 28, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'state-reported', '2026-11-30 11:47:57.820406+00', '{"slot": "A", "digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "reason": "", "status": "trial", "version": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (29, 29, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'crash-reported', '2026-11-30 11:47:58.122076+00', '{"code": "integer-division-by-zero", "group": "b45484b4fb9283da", "number": 1, "appName": "crash", "version": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (30, 30, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'state-reported', '2026-11-30 11:47:58.133404+00', '{"slot": "", "digest": "", "failed": {"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "version": 1}, "reason": "trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297", "status": "rolled-back", "version": 0}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (31, 31, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'image-assigned', '2026-11-30 11:47:58.544039+00', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "appName": "crash", "version": 2, "appVersion": "", "lengthBytes": 824}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (32, 32, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'notified', '2026-11-30 11:47:58.580535+00', '{"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "version": 2, "attempts": 1}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (33, 33, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'state-reported', '2026-11-30 11:47:58.646406+00', '{"slot": "A", "digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "failed": {"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "version": 1}, "reason": "", "status": "trial", "version": 2, "switchGapNanoseconds": 512885072}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (34, 34, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'crash-reported', '2026-11-30 11:47:58.948721+00', '{"code": "integer-division-by-zero", "group": "b45484b4fb9283da", "number": 2, "appName": "crash", "version": 2}');
INSERT INTO registry.events OVERRIDING SYSTEM VALUE VALUES (35, 35, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 'state-reported', '2026-11-30 11:47:58.958509+00', '{"slot": "", "digest": "", "failed": {"digest": "sha256:3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6", "version": 2}, "reason": "trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297", "status": "rolled-back", "version": 0, "switchGapNanoseconds": 512885072}');


--
-- Data for Name: firmware; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.firmware VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 3, '\xdf2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618', 170, 'quick', '1.0', 0, 1, '\xeb25170b51eb7666', '\x0eb7bedb6793435d1d21c0f04e8b04b4e397ec56161e58197670fadf9a3c9ea6574d216516121fd343d6c99d46722414f887a69cb188b2e36f38e09030ac0007', '\x3ab8443a28124bd0908db1f90daaa79558544231010000000300000000000000aa00000000000000df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd6180000000001000000717569636b000000000000000000000000000000000000000000000000000000312e300000000000000000000000000000000000000000000000000000000000eb25170b51eb76660eb7bedb6793435d1d21c0f04e8b04b4e397ec56161e58197670fadf9a3c9ea6574d216516121fd343d6c99d46722414f887a69cb188b2e36f38e09030ac0007f08aff23d65fc754eca4176420fdff119e7ba568a74815254d75911585c8268dbb1c0d9887c9083916ea6b5f8350f9b2450ace1066bcf7477f0986f58aa2248b39ae940378cb9d050000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', 'rollback 8e445ceb-3751-4bd2-9e70-a475c2ead004of 1', '2026-11-30 11:47:50.52639+00', '2026-11-30 11:47:52.397079+00', '2026-11-30 11:47:50.719957+00', '2026-11-30 11:47:50.719957+00', NULL, NULL, NULL, 2079960);
INSERT INTO registry.firmware VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 1, '\xdf2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd618', 170, 'quick', '1.0', 0, 1, '\xeb25170b51eb7666', '\x0eb7bedb6793435d1d21c0f04e8b04b4e397ec56161e58197670fadf9a3c9ea6574d216516121fd343d6c99d46722414f887a69cb188b2e36f38e09030ac0007', '\x3ab8443a28124bd0908db1f90daaa79558544231010000000100000000000000aa00000000000000df2c5cb24348d4f2c7e2c8afd6d3379b5291e5dc8dadf0a7a819bef262dbd6180000000001000000717569636b000000000000000000000000000000000000000000000000000000312e300000000000000000000000000000000000000000000000000000000000eb25170b51eb76660eb7bedb6793435d1d21c0f04e8b04b4e397ec56161e58197670fadf9a3c9ea6574d216516121fd343d6c99d46722414f887a69cb188b2e36f38e09030ac0007f08aff23d65fc7546587f1a71cb03a889aa4865b591084307c6ed687f8287ac28743a2eb18e3595e60f1f29f5a99a0cf21fb736822cdbc6aac2f0dc5e689870a225d8f95a33e0a050000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', '4da55b83-302f-4abe-b413-49223c0de213', '2026-11-30 11:47:48.970866+00', '2026-11-30 11:47:48.986581+00', '2026-11-30 11:47:49.194469+00', '2026-11-30 11:47:49.194469+00', NULL, NULL, NULL, 0);
INSERT INTO registry.firmware VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 2, '\xce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd52', 170, 'quick', '2.0', 0, 1, '\xeb25170b51eb7666', '\x21c61bdfb92973c5560787020443e1c666784c6a62707d0e1d50e1ae294f03476f66eed8e6d5ba7c2693021e8ee50810252520714d3933b279e4268979f58604', '\x3ab8443a28124bd0908db1f90daaa79558544231010000000200000000000000aa00000000000000ce66929b7bf6d3c64b057de032dcc0630152c85f0b2a2311f699a4a37ad2fd520000000001000000717569636b000000000000000000000000000000000000000000000000000000322e300000000000000000000000000000000000000000000000000000000000eb25170b51eb766621c61bdfb92973c5560787020443e1c666784c6a62707d0e1d50e1ae294f03476f66eed8e6d5ba7c2693021e8ee50810252520714d3933b279e4268979f58604f08aff23d65fc7546fe366f08abc2279b46aa1a7d79941b4bc3f84dd0f4afb213e3363b69e5a58a71dc02d794eedd21166d67a5275e19b2768ffbb122a3db2cb3218dec5e4363b040000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', '7933035f-3e29-4f7f-a107-b0cc85796a52', '2026-11-30 11:47:49.64273+00', '2026-11-30 11:47:49.66134+00', '2026-11-30 11:47:49.70098+00', '2026-11-30 11:47:49.70098+00', NULL, NULL, NULL, 628494);
INSERT INTO registry.firmware VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', 2, '\x3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6', 824, 'crash', '', 0, 1, '\xeb25170b51eb7666', '\x826d5d021092970e827cb5ca7614bb2f4e14ebad2cce8816bd05c459d2f3524e8e5c80a2a5b9f0e1a19176c99351693d7aee191c3c006a41f73754de054b9a0c', '\x32e4678ad4c54b3c9661a8d7be4605995854423101000000020000000000000038030000000000003bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6000000000100000063726173680000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000eb25170b51eb7666826d5d021092970e827cb5ca7614bb2f4e14ebad2cce8816bd05c459d2f3524e8e5c80a2a5b9f0e1a19176c99351693d7aee191c3c006a41f73754de054b9a0c3a4c0367931f7b63f93504f798a1bf6e6db86dd41f459174257ef4688420c21f63172940bbd143daaede32d3f35c0105686e4e5ef15306463bf30af7cbb25d5ca42aa4476c3aba040000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', 'retry of 1', '2026-11-30 11:47:58.543928+00', '2026-11-30 11:47:58.580106+00', '2026-11-30 11:47:58.634205+00', NULL, '2026-11-30 11:47:58.957142+00', 'rolled-back', 'trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297', 512885072);
INSERT INTO registry.firmware VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', 1, '\x3bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6', 824, 'crash', '', 0, 1, '\xeb25170b51eb7666', '\x826d5d021092970e827cb5ca7614bb2f4e14ebad2cce8816bd05c459d2f3524e8e5c80a2a5b9f0e1a19176c99351693d7aee191c3c006a41f73754de054b9a0c', '\x32e4678ad4c54b3c9661a8d7be4605995854423101000000010000000000000038030000000000003bd0633a951a54b3ed891dbe261ea5eedb9922eaae7ad887c4fd09be5dbd03d6000000000100000063726173680000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000eb25170b51eb7666826d5d021092970e827cb5ca7614bb2f4e14ebad2cce8816bd05c459d2f3524e8e5c80a2a5b9f0e1a19176c99351693d7aee191c3c006a41f73754de054b9a0c3a4c0367931f7b63feef2a31ff14db1f39a914b604020d52323daa6914d103067d3c15d3846746a1a68c857a451072d1b8d10628fd3e9aa27ecd086161050a7afb6fd9fe87c3f8050000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', '5049cdbe-3f79-4d26-a7c9-2ba96f61ca9c', '2026-11-30 11:47:57.681506+00', '2026-11-30 11:47:57.688894+00', '2026-11-30 11:47:57.819146+00', NULL, '2026-11-30 11:47:58.132051+00', 'rolled-back', 'trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297', 0);


--
-- Data for Name: log_lines; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.log_lines VALUES (1, 1, 1, 1796039269009557855, 66996934234600, 1, '2026-11-30 11:47:49.043563+00', 1, 'agent', 'version 1 is announced; fetching it');
INSERT INTO registry.log_lines VALUES (1, 2, 2, 1796039269014756627, 66996939433302, 1, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 1 is here and is verified');
INSERT INTO registry.log_lines VALUES (1, 3, 3, 1796039269167235635, 66997091912160, 1, '2026-11-30 11:47:50.039422+00', 1, 'app', 'quick app is up');
INSERT INTO registry.log_lines VALUES (1, 4, 4, 1796039269168130774, 66997092807460, 1, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 1 runs on trial');
INSERT INTO registry.log_lines VALUES (1, 5, 5, 1796039269169033816, 66997093710491, 1, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 1 is confirmed');
INSERT INTO registry.log_lines VALUES (1, 6, 6, 1796039269659807265, 66997584483941, 2, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 2 is announced; fetching it');
INSERT INTO registry.log_lines VALUES (1, 7, 7, 1796039269664657810, 66997589334485, 2, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 2 is here and is verified');
INSERT INTO registry.log_lines VALUES (1, 8, 8, 1796039269680800096, 66997605476611, 2, '2026-11-30 11:47:50.039422+00', 1, 'app', 'quick app is up');
INSERT INTO registry.log_lines VALUES (1, 9, 9, 1796039269682321115, 66997606997811, 2, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 2 took over; no app handled events for 0.628 ms');
INSERT INTO registry.log_lines VALUES (1, 10, 10, 1796039269682392542, 66997607069057, 2, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 2 runs on trial');
INSERT INTO registry.log_lines VALUES (1, 11, 11, 1796039269685497764, 66997610174419, 2, '2026-11-30 11:47:50.039422+00', 1, 'agent', 'version 2 is confirmed');
INSERT INTO registry.log_lines VALUES (1, 12, 12, 1796039270609908394, 66998534585069, 3, '2026-11-30 11:47:51.047132+00', 1, 'agent', 'version 3 is announced; fetching it');
INSERT INTO registry.log_lines VALUES (1, 13, 13, 1796039270617791863, 66998542468538, 3, '2026-11-30 11:47:51.047132+00', 1, 'agent', 'version 3 is here and is verified');
INSERT INTO registry.log_lines VALUES (1, 14, 14, 1796039270674667531, 66998599344046, 3, '2026-11-30 11:47:51.047132+00', 1, 'app', 'quick app is up');
INSERT INTO registry.log_lines VALUES (1, 15, 15, 1796039270677694226, 66998602370962, 3, '2026-11-30 11:47:51.047132+00', 1, 'agent', 'version 3 took over; no app handled events for 2.080 ms');
INSERT INTO registry.log_lines VALUES (1, 16, 16, 1796039270677768747, 66998602445262, 3, '2026-11-30 11:47:51.047132+00', 1, 'agent', 'version 3 runs on trial');
INSERT INTO registry.log_lines VALUES (1, 17, 17, 1796039270685687399, 66998610364084, 3, '2026-11-30 11:47:51.047132+00', 1, 'agent', 'version 3 is confirmed');
INSERT INTO registry.log_lines VALUES (2, 1, 1, 1796039277741805997, 67005666482813, 1, '2026-11-30 11:47:57.756525+00', 1, 'agent', 'version 1 is announced; fetching it');
INSERT INTO registry.log_lines VALUES (2, 2, 2, 1796039277750250159, 67005674926975, 1, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 1 is here and is verified');
INSERT INTO registry.log_lines VALUES (2, 3, 3, 1796039277805481525, 67005730158050, 1, '2026-11-30 11:47:58.765968+00', 1, 'app', 'crash-c starts: it crashes in its third tick');
INSERT INTO registry.log_lines VALUES (2, 4, 4, 1796039277806279010, 67005730955725, 1, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 1 runs on trial');
INSERT INTO registry.log_lines VALUES (2, 5, 5, 1796039277905729454, 67005830405979, 1, '2026-11-30 11:47:58.765968+00', 1, 'app', 'the average is 21');
INSERT INTO registry.log_lines VALUES (2, 6, 6, 1796039278007498978, 67005932175503, 1, '2026-11-30 11:47:58.765968+00', 1, 'app', 'the average is 21');
INSERT INTO registry.log_lines VALUES (2, 7, 7, 1796039278115797455, 67006040474120, 1, '2026-11-30 11:47:58.765968+00', 3, 'agent', 'version 1 is rolled back: trapped: wasm trap: integer divide by zero (integer-division-by-zero) in average at offset 297');
INSERT INTO registry.log_lines VALUES (2, 8, 8, 1796039278583546086, 67006508222891, 2, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 2 is announced; fetching it');
INSERT INTO registry.log_lines VALUES (2, 9, 9, 1796039278598442031, 67006523118736, 2, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 2 is here and is verified');
INSERT INTO registry.log_lines VALUES (2, 10, 10, 1796039278613929204, 67006538605719, 2, '2026-11-30 11:47:58.765968+00', 1, 'app', 'crash-c starts: it crashes in its third tick');
INSERT INTO registry.log_lines VALUES (2, 11, 11, 1796039278619162507, 67006543839172, 2, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 2 took over; no app handled events for 512.885 ms');
INSERT INTO registry.log_lines VALUES (2, 12, 12, 1796039278619228144, 67006543904659, 2, '2026-11-30 11:47:58.765968+00', 1, 'agent', 'version 2 runs on trial');
INSERT INTO registry.log_lines VALUES (2, 13, 13, 1796039278714408637, 67006639085152, 2, '2026-11-30 11:47:58.765968+00', 1, 'app', 'the average is 21');


--
-- Data for Name: log_marks; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.log_marks VALUES (1, '68e929c24e3c1752', 17, 17, 3780775488158252943);
INSERT INTO registry.log_marks VALUES (2, 'caf1b176f9017872', 13, 13, -2368166104041806453);


--
-- Data for Name: logs; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.logs OVERRIDING SYSTEM VALUE VALUES (1, '3ab8443a-2812-4bd0-908d-b1f90daaa795', 17, 2670, '2026-11-30 11:47:49.043563+00', NULL);
INSERT INTO registry.logs OVERRIDING SYSTEM VALUE VALUES (2, '32e4678a-d4c5-4b3c-9661-a8d7be460599', 13, 2162, '2026-11-30 11:47:57.756525+00', NULL);


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: registry; Owner: -
--



--
-- Data for Name: removals; Type: TABLE DATA; Schema: registry; Owner: -
--



--
-- Data for Name: reports; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.reports VALUES ('5d5df6ec-49d5-4800-8e44-b61b8b22a6ea', 0, NULL, '-infinity', 0);
INSERT INTO registry.reports VALUES ('3ab8443a-2812-4bd0-908d-b1f90daaa795', 4294967314, '2026-11-30 11:47:58.710139+00', '2026-11-30 11:49:28.710139+00', 8204471096773748967);
INSERT INTO registry.reports VALUES ('32e4678a-d4c5-4b3c-9661-a8d7be460599', 4294967316, '2026-11-30 11:47:58.957142+00', '2026-11-30 11:49:28.957142+00', 4139308101953548886);


--
-- Data for Name: retired_versions; Type: TABLE DATA; Schema: registry; Owner: -
--



--
-- Data for Name: revocations; Type: TABLE DATA; Schema: registry; Owner: -
--



--
-- Data for Name: root_documents; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.root_documents VALUES (1, '\x7b227369676e6564223a2265794a306558426c496a6f69636d397664434973496e5a6c636e4e70623234694f6a4573496d563463476c795a584d694f6949794d4449334c5445784c544d77564445784f6a51334f6a4d3557694973496e526f636d567a614739735a4349364d697769636d39766445746c65584d694f6c7437496d746c65556c45496a6f69595459774d574a6c5a6a4d334d474a684f47466959534973496e4231596d78705930746c65534936496a5a6c5a4449775a574a6b5a4751794e44466d4d54566c5a6a417859574a684e5467314e6a4d3559324d325a574a6b4d44646c4d4759344d574a694d7a686b5a6a59775a6a63334d4451315a6a4935596a426c4d7a6b6966537837496d746c65556c45496a6f694f54526a5a6d557a4e4755784f475535597a457a4d794973496e4231596d78705930746c65534936496d45324e444e6a4d6a45334e5759345a47597a4e5459774d6a686c596a55324e44646a4d7a49305954526b4d6a4931596a566c4f546b7a5957566c4f5445304d324e6c597a59775a544a6c4e47597a4d57526b4f47516966537837496d746c65556c45496a6f694e6a466b597a426a4e444e6a4f544e6c5a6d49324d694973496e4231596d78705930746c65534936496d59334f474d3159544577597a4e684d6a45344d5755775a6a426859545134596a49325a6d497a5a6a6b304e7a426b4d32466d5a444e684d6d526c4d5459304d5467354e6a5179596d466b593251774d7a6c6d596a456966563073496d5270636d566a64473979637949365733736961325635535551694f694a6d4d4468685a6d59794d3251324e575a6a4e7a5530496977696348566962476c6a53325635496a6f694f474d354d6a4d324e44517a597a4e684e6a646a595749324d54426a4e6a6b304d6d557a4e7a5a694d3251304d575533595449334f5442684d7a55774d5451794e7a426c5a47566b4d7a426b4d5755354d6a6c694d794a39585377696348566962476c7a61475679637949365733736961325635535551694f694a6c596a49314d546377596a55785a5749334e6a5932496977696348566962476c6a53325635496a6f694e7a6733596a49784f4441794d47526a4f44466a5a6a67774e7a466a4d4749324e44566d597a63335a4746685a5759794f44566d4e7a426d4e6a4577596a63355a546732595445784d544e684d5445345a54646d4f434973496d467763484d694f6c73694b694a6466563139222c227369676e617475726573223a5b7b226b65794944223a2261363031626566333730626138616261222c227369676e6174757265223a223230373730666331623930623834343135613934636136333537646236343730623263636435636634386139633363613562323166633038656562353766313338353264643532303437383534343733636561633361636639326434663432346632633733396133353139666535623861366434393961643666633462363036227d2c7b226b65794944223a2239346366653334653138653963313333222c227369676e6174757265223a223431393538303863393165373362623737663565333137323966396132653736626361636334316532303431653966646666623237666165303464313139643930666536373939306630633331653938633837663134636233376633626235656365653839633634383930386238373030666134326435633665613734653061227d2c7b226b65794944223a2236316463306334336339336566623632222c227369676e6174757265223a223236306337303332633031373834306163303339323365646434333232326437356137323533626636393666306635633363303965656634623135313132306237626535373831363465623138336233633662383463666239343662663661663562366639373836613430323131313734353966633163643266353637353034227d5d7d0a', '2027-11-30 11:47:39+00', '2026-11-30 11:47:39.808434+00');
INSERT INTO registry.root_documents VALUES (2, '\x7b227369676e6564223a2265794a306558426c496a6f69636d397664434973496e5a6c636e4e70623234694f6a4973496d563463476c795a584d694f6949794d4449334c5445784c544d77564445784f6a51334f6a553057694973496e526f636d567a614739735a4349364d697769636d39766445746c65584d694f6c7437496d746c65556c45496a6f69595459774d574a6c5a6a4d334d474a684f47466959534973496e4231596d78705930746c65534936496a5a6c5a4449775a574a6b5a4751794e44466d4d54566c5a6a417859574a684e5467314e6a4d3559324d325a574a6b4d44646c4d4759344d574a694d7a686b5a6a59775a6a63334d4451315a6a4935596a426c4d7a6b6966537837496d746c65556c45496a6f694f54526a5a6d557a4e4755784f475535597a457a4d794973496e4231596d78705930746c65534936496d45324e444e6a4d6a45334e5759345a47597a4e5459774d6a686c596a55324e44646a4d7a49305954526b4d6a4931596a566c4f546b7a5957566c4f5445304d324e6c597a59775a544a6c4e47597a4d57526b4f47516966537837496d746c65556c45496a6f694e6a466b597a426a4e444e6a4f544e6c5a6d49324d694973496e4231596d78705930746c65534936496d59334f474d3159544577597a4e684d6a45344d5755775a6a426859545134596a49325a6d497a5a6a6b304e7a426b4d32466d5a444e684d6d526c4d5459304d5467354e6a5179596d466b593251774d7a6c6d596a456966563073496d5270636d566a64473979637949365733736961325635535551694f694a6d4d4468685a6d59794d3251324e575a6a4e7a5530496977696348566962476c6a53325635496a6f694f474d354d6a4d324e44517a597a4e684e6a646a595749324d54426a4e6a6b304d6d557a4e7a5a694d3251304d575533595449334f5442684d7a55774d5451794e7a426c5a47566b4d7a426b4d5755354d6a6c694d794a394c48736961325635535551694f69497a5954526a4d444d324e7a6b7a4d575933596a597a496977696348566962476c6a53325635496a6f694d54646a4d57466c5a6d5935595752684e5759774f546331593259334e5755795a475a6a4e4759344e446b77596a55785957497a593251324e5455794d4751355a4463795a47466a4d4751794e6d4d32597a6b784e534a39585377696348566962476c7a61475679637949365733736961325635535551694f694a6c596a49314d546377596a55785a5749334e6a5932496977696348566962476c6a53325635496a6f694e7a6733596a49784f4441794d47526a4f44466a5a6a67774e7a466a4d4749324e44566d597a63335a4746685a5759794f44566d4e7a426d4e6a4577596a63355a546732595445784d544e684d5445345a54646d4f434973496d467763484d694f6c73694b694a6466563139222c227369676e617475726573223a5b7b226b65794944223a2261363031626566333730626138616261222c227369676e6174757265223a226336613337653734303332303336336133326136383262613962653837336261366332333230666331666161643337373666356231313437383738653838646262653131323738373933663036636336666563303831656235373437316662323937386236656239333136363833653563393763626465656634393665313038227d2c7b226b65794944223a2239346366653334653138653963313333222c227369676e6174757265223a223464323262613437346138343961306264316135346466326534333065386539393037333334663839313230346566333365363330383666393232333635333965636231643063366333343562383362626238626665653661303166383666393661653331393931373635616338613335653234616565353639333561633030227d5d7d0a', '2027-11-30 11:47:54+00', '2026-11-30 11:47:54.999797+00');


--
-- Data for Name: schema_additions; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.schema_additions VALUES (7, 'outcomes of the audit log', '\x0b434b36b720460a664ece3e9add65f0d09d40bbb8491767086319a55633e460', '2026-11-30 11:47:39.043621+00', 6);
INSERT INTO registry.schema_additions VALUES (8, 'devices and databases that went back in time', '\x65b36f0febdea61ed3907dc3c1513be08ac4f4bb0ffe113491e0b0ad05b59513', '2026-11-30 11:47:39.047718+00', 6);
INSERT INTO registry.schema_additions VALUES (9, 'what devices wait for', '\x270d14dafc1826a387f82b22f593e195e4c5d6e23ae5e66114b79ef1c03717df', '2026-11-30 11:47:39.064607+00', 6);
INSERT INTO registry.schema_additions VALUES (10, 'who is proven and who is claimed in the audit log', '\xfae45d735f9df6f6c5cdc19e270a09a83f4642b02e1297ef8500a0ea596c56d4', '2026-11-30 11:47:39.099118+00', 6);
INSERT INTO registry.schema_additions VALUES (11, 'which process of its agent speaks for a device', '\xa5808826493e4f9cb40ff386f255fd04aaebc1ec4951326627de9b9e90d05610', '2026-11-30 11:47:39.196032+00', 6);
INSERT INTO registry.schema_additions VALUES (12, 'bounds of each device, health', '\x91a461aa967d58e7b6b78cdf66f2e437eb1d051f079a8c3a6a2869722989f538', '2026-11-30 11:47:39.212486+00', 6);
INSERT INTO registry.schema_additions VALUES (13, 'events that each device may cause', '\x5d7718dbfbdf4a8ff95bef6984572994f7d0b4fc930757b72416e2928135cea2', '2026-11-30 11:47:39.270972+00', 6);


--
-- Data for Name: schema_migrations; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.schema_migrations VALUES (1, 'devices, firmware, reports, outbox, events', '\xa5cd6ecf698cf7ed202e641db0f5aedc69deb6b751e2844de235692f400c5852', '2026-11-30 11:47:38.511952+00', 1);
INSERT INTO registry.schema_migrations VALUES (2, 'logs', '\x7bb8f18cb104f7eee1596c0eb783ae8fe40d0c51ee4468b693404ce1fe6e597c', '2026-11-30 11:47:38.743615+00', 2);
INSERT INTO registry.schema_migrations VALUES (3, 'crashes', '\x81cf2846c0b8f27456cc4acef5d1ca9c06b922f06d8b77c8a290b05bf0c4d65f', '2026-11-30 11:47:38.795127+00', 3);
INSERT INTO registry.schema_migrations VALUES (4, 'what became of firmware', '\x87cc18d431cf49fb34d18390426f9067212cb7534e5e4924a1e2d1c59320e272', '2026-11-30 11:47:38.825025+00', 4);
INSERT INTO registry.schema_migrations VALUES (5, 'tokens, audit, decommissioned devices', '\x94da184fc5b4f84c416c7d4f0ef6d1052c44cc4c0515d218f57ab66e08e65284', '2026-11-30 11:47:38.835633+00', 5);
INSERT INTO registry.schema_migrations VALUES (6, 'director keys and root documents', '\x1ddff64ca5a335b71cb75ff60019b46bec4960c7e0ca4ceafc9c32ac45f3f95d', '2026-11-30 11:47:38.919812+00', 6);


--
-- Data for Name: tokens; Type: TABLE DATA; Schema: registry; Owner: -
--

INSERT INTO registry.tokens OVERRIDING SYSTEM VALUE VALUES (2, '9e73ebae-36fa-1d92-24fe-9b5a06df46c5', 'recorded', '\x7995030ad4cbf27fa0fdcb73fd23bc90933d9ba0a1da7a191dc6d7e470733e39', '{read}', '2026-11-30 11:47:52.465366+00', 'operator:stack', '2026-12-01 11:47:52.465366+00', NULL, '2026-11-30 11:47:52.634119+00');
INSERT INTO registry.tokens OVERRIDING SYSTEM VALUE VALUES (1, '18002837-2b72-912c-5821-083545d9cc8e', 'stack-admin', '\x1cb59c5a69688c5a90929de23c7c46a61c86d2d3b49dbb305732a33b9d978a9a', '{admin}', '2026-11-30 11:47:40.000152+00', 'operator:stack', NULL, '2026-11-30 11:47:57.680111+00', NULL);


--
-- Name: audit_ids; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.audit_ids', 53, true);


--
-- Name: crashes_number_seq; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.crashes_number_seq', 2, true);


--
-- Name: event_ids; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.event_ids', 35, true);


--
-- Name: events_row_id_seq; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.events_row_id_seq', 35, true);


--
-- Name: logs_number_seq; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.logs_number_seq', 2, true);


--
-- Name: tokens_number_seq; Type: SEQUENCE SET; Schema: registry; Owner: -
--

SELECT pg_catalog.setval('registry.tokens_number_seq', 2, true);


--
-- Name: certificates certificates_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (issuer, serial_number);


--
-- Name: claims claims_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (id);


--
-- Name: claims claims_token_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claims
    ADD CONSTRAINT claims_token_once UNIQUE (token_hash);


--
-- Name: devices devices_key_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.devices
    ADD CONSTRAINT devices_key_once UNIQUE (public_key_hash);


--
-- Name: devices devices_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (id);


--
-- Name: devices devices_token_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.devices
    ADD CONSTRAINT devices_token_once UNIQUE (polling_token_hash);


--
-- Name: claim_uses enrolments_number_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claim_uses
    ADD CONSTRAINT enrolments_number_once UNIQUE (claim_id, number);


--
-- Name: claim_uses enrolments_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claim_uses
    ADD CONSTRAINT enrolments_pkey PRIMARY KEY (claim_id, serial);


--
-- Name: factory_cas factory_cas_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.factory_cas
    ADD CONSTRAINT factory_cas_pkey PRIMARY KEY (id);


--
-- Name: issuers issuers_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.issuers
    ADD CONSTRAINT issuers_pkey PRIMARY KEY (key_hash);


--
-- Name: registrations registrations_key_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.registrations
    ADD CONSTRAINT registrations_key_once UNIQUE (public_key_hash);


--
-- Name: registrations registrations_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.registrations
    ADD CONSTRAINT registrations_pkey PRIMARY KEY (serial, product);


--
-- Name: registrations registrations_secret_once; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.registrations
    ADD CONSTRAINT registrations_secret_once UNIQUE (secret_hash);


--
-- Name: revocation_lists revocation_lists_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.revocation_lists
    ADD CONSTRAINT revocation_lists_pkey PRIMARY KEY (issuer, number);


--
-- Name: revocation_revisions revocation_revisions_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.revocation_revisions
    ADD CONSTRAINT revocation_revisions_pkey PRIMARY KEY (revision);


--
-- Name: revocation_state revocation_state_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.revocation_state
    ADD CONSTRAINT revocation_state_pkey PRIMARY KEY (only_row);


--
-- Name: revoked_devices revoked_devices_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.revoked_devices
    ADD CONSTRAINT revoked_devices_pkey PRIMARY KEY (device_id);


--
-- Name: schema_additions schema_additions_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.schema_additions
    ADD CONSTRAINT schema_additions_pkey PRIMARY KEY (version);


--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);


--
-- Name: audit audit_outcome_check; Type: CHECK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE registry.audit
    ADD CONSTRAINT audit_outcome_check CHECK ((outcome = ANY (ARRAY['allowed'::text, 'refused'::text, 'begun'::text, 'failed'::text]))) NOT VALID;


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);


--
-- Name: crashes crashes_device_id_report_id_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.crashes
    ADD CONSTRAINT crashes_device_id_report_id_key UNIQUE (device_id, report_id);


--
-- Name: crashes crashes_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.crashes
    ADD CONSTRAINT crashes_pkey PRIMARY KEY (number);


--
-- Name: device_runs device_runs_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.device_runs
    ADD CONSTRAINT device_runs_pkey PRIMARY KEY (device_id);


--
-- Name: devices devices_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (id);


--
-- Name: director_keys director_keys_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.director_keys
    ADD CONSTRAINT director_keys_pkey PRIMARY KEY (key_id);


--
-- Name: event_allowances event_allowances_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.event_allowances
    ADD CONSTRAINT event_allowances_pkey PRIMARY KEY (device_id);


--
-- Name: events events_id_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.events
    ADD CONSTRAINT events_id_key UNIQUE (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (row_id);


--
-- Name: firmware firmware_device_id_idempotency_key_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.firmware
    ADD CONSTRAINT firmware_device_id_idempotency_key_key UNIQUE (device_id, idempotency_key);


--
-- Name: firmware firmware_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.firmware
    ADD CONSTRAINT firmware_pkey PRIMARY KEY (device_id, version);


--
-- Name: log_lines log_lines_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.log_lines
    ADD CONSTRAINT log_lines_pkey PRIMARY KEY (log_number, cursor);


--
-- Name: log_marks log_marks_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.log_marks
    ADD CONSTRAINT log_marks_pkey PRIMARY KEY (log_number, log_id);


--
-- Name: logs logs_device_id_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.logs
    ADD CONSTRAINT logs_device_id_key UNIQUE (device_id);


--
-- Name: logs logs_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.logs
    ADD CONSTRAINT logs_pkey PRIMARY KEY (number);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (device_id, version);


--
-- Name: removals removals_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.removals
    ADD CONSTRAINT removals_pkey PRIMARY KEY (device_id);


--
-- Name: reports reports_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.reports
    ADD CONSTRAINT reports_pkey PRIMARY KEY (device_id);


--
-- Name: retired_versions retired_versions_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.retired_versions
    ADD CONSTRAINT retired_versions_pkey PRIMARY KEY (device_id);


--
-- Name: revocations revocations_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (device_id);


--
-- Name: root_documents root_documents_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.root_documents
    ADD CONSTRAINT root_documents_pkey PRIMARY KEY (version);


--
-- Name: schema_additions schema_additions_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.schema_additions
    ADD CONSTRAINT schema_additions_pkey PRIMARY KEY (version);


--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);


--
-- Name: tokens tokens_hash_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);


--
-- Name: tokens tokens_id_key; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.tokens
    ADD CONSTRAINT tokens_id_key UNIQUE (id);


--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (number);


--
-- Name: certificates_of_device; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX certificates_of_device ON provisioner.certificates USING btree (device_id, not_after DESC) WHERE (device_id IS NOT NULL);


--
-- Name: certificates_published; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX certificates_published ON provisioner.certificates USING btree (revision, issuer, serial_number) WHERE (revision IS NOT NULL);


--
-- Name: certificates_revoked; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX certificates_revoked ON provisioner.certificates USING btree (issuer, not_after) WHERE (revoked_at IS NOT NULL);


--
-- Name: certificates_unpublished; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX certificates_unpublished ON provisioner.certificates USING btree (issuer, not_after) WHERE ((revoked_at IS NOT NULL) AND (revision IS NULL));


--
-- Name: claim_uses_by_device; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX claim_uses_by_device ON provisioner.claim_uses USING btree (device_id);


--
-- Name: claims_newest_first; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX claims_newest_first ON provisioner.claims USING btree (created_at DESC, id DESC);


--
-- Name: devices_by_factory; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX devices_by_factory ON provisioner.devices USING btree (factory_ca) WHERE (factory_ca IS NOT NULL);


--
-- Name: devices_flagged; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX devices_flagged ON provisioner.devices USING btree (created_at DESC, id DESC) WHERE (otp_differences <> '{}'::text[]);


--
-- Name: devices_newest_first; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX devices_newest_first ON provisioner.devices USING btree (created_at DESC, id DESC);


--
-- Name: devices_serial_once; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE UNIQUE INDEX devices_serial_once ON provisioner.devices USING btree (serial, product) WHERE (reset_at IS NULL);


--
-- Name: revocation_lists_by_revision; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX revocation_lists_by_revision ON provisioner.revocation_lists USING btree (revision, issuer, number);


--
-- Name: revoked_devices_connected; Type: INDEX; Schema: provisioner; Owner: -
--

CREATE INDEX revoked_devices_connected ON provisioner.revoked_devices USING btree (next_disconnect_at) WHERE (next_disconnect_at IS NOT NULL);


--
-- Name: audit_by_action; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX audit_by_action ON registry.audit USING btree (action, id);


--
-- Name: audit_by_claimed; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX audit_by_claimed ON registry.audit USING btree (claimed, id) WHERE (claimed <> ''::text);


--
-- Name: audit_by_principal; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX audit_by_principal ON registry.audit USING btree (principal, id);


--
-- Name: audit_by_target; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX audit_by_target ON registry.audit USING btree (target, id);


--
-- Name: audit_by_time; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX audit_by_time ON registry.audit USING btree (at);


--
-- Name: crashes_by_app; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX crashes_by_app ON registry.crashes USING btree (app_name, number);


--
-- Name: crashes_by_device; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX crashes_by_device ON registry.crashes USING btree (device_id, number);


--
-- Name: devices_by_name; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX devices_by_name ON registry.devices USING btree (name, id);


--
-- Name: devices_by_state; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX devices_by_state ON registry.devices USING btree (state, name, id);


--
-- Name: devices_by_tag; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX devices_by_tag ON registry.devices USING gin (tags);


--
-- Name: devices_restarting; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX devices_restarting ON registry.devices USING btree (restarting_until) WHERE (restarting_until IS NOT NULL);


--
-- Name: event_allowances_omitted; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX event_allowances_omitted ON registry.event_allowances USING btree (omitted_since) WHERE (omitted > 0);


--
-- Name: events_by_device; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX events_by_device ON registry.events USING btree (device_id, id);


--
-- Name: logs_by_oldest_at; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX logs_by_oldest_at ON registry.logs USING btree (oldest_at);


--
-- Name: logs_of_deleted_devices; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX logs_of_deleted_devices ON registry.logs USING btree (number) WHERE (device_id IS NULL);


--
-- Name: one_director_signs; Type: INDEX; Schema: registry; Owner: -
--

CREATE UNIQUE INDEX one_director_signs ON registry.director_keys USING btree (state) WHERE (state = 'active'::text);


--
-- Name: one_director_waits; Type: INDEX; Schema: registry; Owner: -
--

CREATE UNIQUE INDEX one_director_waits ON registry.director_keys USING btree (state) WHERE (state = 'next'::text);


--
-- Name: outbox_by_ready_at; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX outbox_by_ready_at ON registry.outbox USING btree (ready_at);


--
-- Name: removals_by_age; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX removals_by_age ON registry.removals USING btree (requested_at);


--
-- Name: reports_by_online_until; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX reports_by_online_until ON registry.reports USING btree (online_until);


--
-- Name: revocations_by_due_at; Type: INDEX; Schema: registry; Owner: -
--

CREATE INDEX revocations_by_due_at ON registry.revocations USING btree (due_at);


--
-- Name: tokens_by_name; Type: INDEX; Schema: registry; Owner: -
--

CREATE UNIQUE INDEX tokens_by_name ON registry.tokens USING btree (name) WHERE (revoked_at IS NULL);


--
-- Name: audit keep_audit; Type: TRIGGER; Schema: registry; Owner: -
--

CREATE TRIGGER keep_audit BEFORE DELETE OR UPDATE ON registry.audit FOR EACH ROW EXECUTE FUNCTION registry.keep_audit();


--
-- Name: audit keep_whole_audit; Type: TRIGGER; Schema: registry; Owner: -
--

CREATE TRIGGER keep_whole_audit BEFORE TRUNCATE ON registry.audit FOR EACH STATEMENT EXECUTE FUNCTION registry.keep_audit();


--
-- Name: audit number_audit; Type: TRIGGER; Schema: registry; Owner: -
--

CREATE TRIGGER number_audit BEFORE INSERT ON registry.audit FOR EACH ROW EXECUTE FUNCTION registry.number_audit();


--
-- Name: events number_events; Type: TRIGGER; Schema: registry; Owner: -
--

CREATE CONSTRAINT TRIGGER number_events AFTER INSERT ON registry.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.id IS NULL)) EXECUTE FUNCTION registry.number_event();


--
-- Name: certificates certificates_issuer_fkey; Type: FK CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.certificates
    ADD CONSTRAINT certificates_issuer_fkey FOREIGN KEY (issuer) REFERENCES provisioner.issuers(key_hash);


--
-- Name: claim_uses claim_uses_device_id_fkey; Type: FK CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claim_uses
    ADD CONSTRAINT claim_uses_device_id_fkey FOREIGN KEY (device_id) REFERENCES provisioner.devices(id);


--
-- Name: devices devices_factory_ca_fkey; Type: FK CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.devices
    ADD CONSTRAINT devices_factory_ca_fkey FOREIGN KEY (factory_ca) REFERENCES provisioner.factory_cas(id);


--
-- Name: claim_uses enrolments_claim_id_fkey; Type: FK CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.claim_uses
    ADD CONSTRAINT enrolments_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES provisioner.claims(id);


--
-- Name: revocation_lists revocation_lists_issuer_fkey; Type: FK CONSTRAINT; Schema: provisioner; Owner: -
--

ALTER TABLE ONLY provisioner.revocation_lists
    ADD CONSTRAINT revocation_lists_issuer_fkey FOREIGN KEY (issuer) REFERENCES provisioner.issuers(key_hash);


--
-- Name: crashes crashes_device_id_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.crashes
    ADD CONSTRAINT crashes_device_id_fkey FOREIGN KEY (device_id) REFERENCES registry.devices(id) ON DELETE CASCADE;


--
-- Name: device_runs device_runs_device_id_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.device_runs
    ADD CONSTRAINT device_runs_device_id_fkey FOREIGN KEY (device_id) REFERENCES registry.devices(id) ON DELETE CASCADE;


--
-- Name: firmware firmware_device_id_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.firmware
    ADD CONSTRAINT firmware_device_id_fkey FOREIGN KEY (device_id) REFERENCES registry.devices(id) ON DELETE CASCADE;


--
-- Name: log_marks log_marks_log_number_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.log_marks
    ADD CONSTRAINT log_marks_log_number_fkey FOREIGN KEY (log_number) REFERENCES registry.logs(number) ON DELETE CASCADE;


--
-- Name: logs logs_device_id_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.logs
    ADD CONSTRAINT logs_device_id_fkey FOREIGN KEY (device_id) REFERENCES registry.devices(id) ON DELETE SET NULL;


--
-- Name: outbox outbox_device_id_version_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.outbox
    ADD CONSTRAINT outbox_device_id_version_fkey FOREIGN KEY (device_id, version) REFERENCES registry.firmware(device_id, version) ON DELETE CASCADE;


--
-- Name: reports reports_device_id_fkey; Type: FK CONSTRAINT; Schema: registry; Owner: -
--

ALTER TABLE ONLY registry.reports
    ADD CONSTRAINT reports_device_id_fkey FOREIGN KEY (device_id) REFERENCES registry.devices(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--



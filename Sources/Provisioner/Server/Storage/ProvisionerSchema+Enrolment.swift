import PostgreSQL

extension ProvisionerSchema {
  /// Devices apart from the claims that they used, as there are other ways in.
  ///
  /// A serial number belongs to one device of its product at a time, and a key to one device for ever.
  static let enrolment = Migration(
    version: 3, name: "devices, registrations, factory CAs", compatibleFrom: 3,
    script: """
      alter table claims
        add column group_name text not null default '',
        add column serials text[] not null default '{}';

      create table factory_cas (
        id bytea primary key check (length(id) = 32),
        certificate bytea not null,
        subject text not null,
        not_after timestamptz not null,
        product text not null,
        group_name text not null,
        tags text[] not null,
        name_prefix text not null,
        created_at timestamptz not null default clock_timestamp(),
        removed_at timestamptz
      );

      create table devices (
        id uuid primary key,
        serial text collate "C" not null,
        product text collate "C" not null,
        group_name text not null default '',
        tags text[] not null,
        name text not null,
        factory_ca bytea references factory_cas (id),
        public_key_hash bytea constraint devices_key_once unique check (length(public_key_hash) = 32),
        polling_token_hash bytea constraint devices_token_once unique check (length(polling_token_hash) = 32),
        polling_token_used_at timestamptz,
        created_at timestamptz not null default clock_timestamp(),
        -- When the Registry had it and it was told so.
        enrolled_at timestamptz,
        reset_at timestamptz,

        -- What it was told to burn.
        otp_director_key bytea,
        otp_root_version int8,
        otp_root_document_hash bytea,
        otp_publisher_signature_required boolean,
        otp_security_epoch int8,
        -- What it says that it burnt.
        otp_reported jsonb,
        otp_reported_at timestamptz,
        otp_differences text[] not null default '{}',

        check (public_key_hash is null or polling_token_hash is null)
      );
      create unique index devices_serial_once on devices (serial, product) where reset_at is null;
      create index devices_by_factory on devices (factory_ca) where factory_ca is not null;
      create index devices_newest_first on devices (created_at desc, id desc);
      create index devices_flagged on devices (created_at desc, id desc) where otp_differences <> '{}';

      -- A serial number that got identities by several claims keeps the newest.
      insert into devices (id, serial, product, tags, name, created_at, enrolled_at, reset_at)
      select e.device_id, e.serial, c.product, c.tags, e.name, e.reserved_at, e.registered_at,
        case when row_number() over (partition by c.product, e.serial order by e.reserved_at desc, e.device_id) > 1
          then clock_timestamp() end
      from enrolments e join claims c on c.id = e.claim_id;

      alter table enrolments rename to claim_uses;
      alter table claim_uses
        drop constraint enrolments_device_once,
        drop column name, drop column state, drop column registered_at,
        alter column serial type text collate "C",
        add foreign key (device_id) references devices (id);
      alter table claim_uses rename column reserved_at to used_at;
      create index claim_uses_by_device on claim_uses (device_id);

      create table registrations (
        -- Where it stands in lists.
        id uuid not null default gen_random_uuid(),
        serial text collate "C" not null,
        product text collate "C" not null,
        group_name text not null,
        tags text[] not null,
        name text not null,
        public_key_hash bytea constraint registrations_key_once unique check (length(public_key_hash) = 32),
        secret_hash bytea constraint registrations_secret_once unique check (length(secret_hash) = 32),
        created_at timestamptz not null default clock_timestamp(),
        primary key (serial, product),
        check ((public_key_hash is null) <> (secret_hash is null))
      );
      """)
}

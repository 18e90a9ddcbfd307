-- Makes :devices enrolled devices in a Provisioner's database, of which the first :revoked are revoked and published
-- like any others. Their certificates are of the issuer that is there.
begin;
insert into provisioner.devices (id, serial, product, tags, name, public_key_hash, enrolled_at)
select md5('device' || n)::uuid, 'made-' || n, 'made', '{}', 'made-' || n, sha256(('key' || n)::bytea),
  clock_timestamp()
from generate_series(1, :devices) as n;
insert into provisioner.certificates
  (issuer, serial_number, device_id, subject, public_key_hash, not_before, not_after, has_list_name, revoked_at,
   revocation_reason)
select (select key_hash from provisioner.issuers order by first_seen limit 1), decode(md5('serial' || n), 'hex'),
  md5('device' || n)::uuid, 'urn:xtblish:device:' || md5('device' || n)::uuid, sha256(('key' || n)::bytea),
  clock_timestamp() - interval '1 hour', clock_timestamp() + interval '90 days', true,
  case when n <= :revoked then clock_timestamp() end, case when n <= :revoked then 'made' end
from generate_series(1, :devices) as n;
insert into provisioner.revoked_devices (device_id, reason, requester, next_disconnect_at)
select md5('device' || n)::uuid, 'made', 'benchmark', null from generate_series(1, :revoked) as n;
commit;
analyze;
select pg_notify('provisioner_revocations', '');

-- Signing keys of domains: the private halves are sealed to their domain. Those of the operator's
-- own domain belong to no organisation.
create table signing_key (
  org_id {bytes},
  pod_id {bytes},
  key_id {bytes} not null primary key,
  domain {text} not null,
  algorithm {text} not null,
  selector {text} not null,
  public_key {text} not null,
  private_key {bytes} not null,
  created_at {int} not null,
  -- Since when its record is known to be in the DNS.
  seen_at {int},
  -- Since when a newer key signs in its place.
  replaced_at {int}
) {strict};
create unique index signing_key_selector on signing_key (domain, selector);
-- Every domain had one key; it signs where the domain was verified with it.
insert into signing_key (org_id, pod_id, key_id, domain, algorithm, selector, public_key, private_key, created_at, seen_at)
  select org_id, pod_id, domain_key, domain, 'rsa', selector, public_key, private_key, created_at, verified_at
  from domain where domain_key is not null;
alter table domain drop column selector;
alter table domain drop column public_key;
alter table domain drop column private_key;
-- What others do when a connection does not fit the MTA-STS policy; null follows the operator.
alter table domain add column mta_sts {text};
-- The inbox that gets the mail of addresses nobody has.
alter table domain add column catch_all {bytes};
-- Which mail of an inbox says that no person sent it; null follows the operator.
alter table inbox add column auto_submitted {text};

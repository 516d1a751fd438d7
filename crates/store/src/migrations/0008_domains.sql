-- Domains of tenants. What is null of a shared domain is only asked of one that has an owner.
alter table domain add column domain_key {bytes};
alter table domain add column client_id {text};
alter table domain add column feedback {int};
alter table domain add column inbound {int};
alter table domain add column subdomains {int};
alter table domain add column tracking {int};
alter table domain add column status {text};
alter table domain add column reason {text};
alter table domain add column selector {text};
alter table domain add column public_key {text};
-- Sealed: only a server with the same master key can sign with it.
alter table domain add column private_key {bytes};
-- The last look at each record, as JSON.
alter table domain add column checks {text};
alter table domain add column checked_at {int};
alter table domain add column check_until {int};
alter table domain add column started_at {int};
alter table domain add column verified_at {int};
-- Since when inboxes under it work; what mail is routed by.
alter table domain add column usable_at {int};
create unique index domain_client on domain (org_id, client_id);
create index domain_list on domain (org_id, created_at, domain_key);

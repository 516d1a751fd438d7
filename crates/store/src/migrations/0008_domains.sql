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

-- What an inbox holds, counted as it changes.
alter table inbox add column message_count {int} not null default 0;
alter table inbox add column thread_count {int} not null default 0;
alter table inbox add column storage_bytes {int} not null default 0;
update inbox set
  message_count = (select count(*) from message where message.inbox_id = inbox.inbox_id),
  thread_count = (select count(*) from thread where thread.inbox_id = inbox.inbox_id),
  storage_bytes = (select coalesce(sum(message.size), 0) from message where message.inbox_id = inbox.inbox_id);

-- Events of the log, counted for each second (grain 1) and each minute (grain 60) that has some, for
-- the organisation (level 0), the pod (1) and the inbox (2) they happened in, whose id is holder.
-- at is the beginning in seconds; people counts recipients where the event has some.
create table metric_count (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  level {int} not null,
  holder {bytes} not null,
  grain {int} not null,
  kind {text} not null,
  at {int} not null,
  events {int} not null,
  people {int} not null,
  primary key (org_id, level, holder, grain, kind, at)
) {strict index};
create index metric_count_old on metric_count (grain, at);

-- Up to where the log is counted, and when usage was last sampled.
create table metric_cursor (
  org_id {bytes} not null primary key,
  seq {int} not null,
  sampled_at {int}
) {strict};

-- What was used since at; before is the value until then, so that older rows may go.
create table metric_usage (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  level {int} not null,
  holder {bytes} not null,
  kind {text} not null,
  at {int} not null,
  value {int} not null,
  before {int} not null,
  primary key (org_id, level, holder, kind, at)
) {strict index};
create index metric_usage_old on metric_usage (at);

-- The newest row of each series above.
create table metric_usage_now (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  level {int} not null,
  holder {bytes} not null,
  kind {text} not null,
  at {int} not null,
  value {int} not null,
  primary key (org_id, level, holder, kind)
) {strict index};

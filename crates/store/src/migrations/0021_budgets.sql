-- Loops, budgets and the kill switch.

-- How often an inbox and the other side took turns lately: a row for a thread, for a peer and for a pair
-- of inboxes. last is who wrote last; a departure counts when that was the other side. thread_id is the
-- thread of the last departure that counted here.
create table turn_count (
  org_id {bytes} not null,
  subject {text} not null,
  thread_id {bytes} not null,
  since {int} not null,
  turns {int} not null,
  last {text} not null,
  primary key (org_id, subject)
) {strict index};
create index turn_count_thread on turn_count (org_id, thread_id);
create index turn_count_since on turn_count (since);

-- Threads in which nothing leaves for a while. The row outlives the pause, so that the next one is longer.
create table thread_pause (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null primary key,
  budget {text} not null,
  peer {text},
  pauses {int} not null,
  since {int} not null,
  until {int} not null
) {strict};
create index thread_pause_inbox on thread_pause (inbox_id);
create index thread_pause_until on thread_pause (until);

-- Whose departures are stopped. place is as in list_entry: one octet for organisation, pod or inbox,
-- and the id.
create table halt (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  place {bytes} not null,
  cause {text} not null,
  note {text},
  api_key_id {bytes},
  since {int} not null,
  until {int},
  primary key (org_id, place)
) {strict index};
create index halt_pod on halt (pod_id);
create index halt_inbox on halt (inbox_id);

-- Deliveries of an inbox that failed for good lately.
create table bounce_count (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null primary key,
  since {int} not null,
  bounces {int} not null
) {strict};

-- The key that made a draft: another one that sends it has looked at it.
alter table draft add column author {bytes};

-- Departures that wait for a halt to end.
create index job_halted on job (org_id, run_at) where state = 'halted';

-- Values that must not leave. Of a value there is its length in letters and digits, a rolling hash to
-- find it by and a keyed hash to be sure; neither gives it away without the master key.
create table leak_value (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  place {bytes} not null,
  value_id {bytes} not null primary key,
  name {text} not null,
  kind {text} not null,
  action {text} not null,
  length {int} not null,
  roll {int} not null,
  digest {bytes} not null,
  created_at {int} not null
) {strict};
create unique index leak_value_once on leak_value (org_id, place, digest);
create index leak_value_pod on leak_value (pod_id);
create index leak_value_inbox on leak_value (inbox_id);

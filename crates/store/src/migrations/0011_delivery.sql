-- Delivery to other servers.

-- lane is the recipients' domain of a departure, so that what waits for one destination can be found.
-- A departure that is held is due, but its destination has enough to do: it is taken by its lane.
alter table job add column lane {text};
-- Each kind of worker has an index of its own: a million departures must not stand between the
-- others and their jobs.
drop index job_due;
create index job_rest on job (state, run_at) where kind <> 'post_hook/1' and kind <> 'deliver_mail/1';
create index job_departure on job (run_at) where state = 'ready' and kind = 'deliver_mail/1';
create index job_lane on job (lane, run_at) where state = 'ready' and kind = 'deliver_mail/1';
create index job_held on job (lane, run_at) where state = 'held' and kind = 'deliver_mail/1';

-- When it is tried again.
alter table delivery add column due_at {int};

-- One try of one delivery, with the words of the other server.
create table delivery_attempt (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null,
  delivery_id {bytes} not null,
  number {int} not null,
  at {int} not null,
  micros {int} not null,
  state {text} not null,
  way {text} not null,
  host {text},
  address {text},
  tls {text},
  stage {text} not null,
  code {int},
  reply {text} not null,
  primary key (message_key, delivery_id, number)
) {strict index};

-- Policies of other domains (RFC 8461). They belong to nobody here.
create table mta_sts (
  domain {text} not null primary key,
  policy_id {text} not null,
  policy {text} not null,
  fetched_at {int} not null,
  expires_at {int} not null
) {strict};

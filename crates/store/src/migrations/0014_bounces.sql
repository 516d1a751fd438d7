-- Bounces, complaints and who gets no more mail.

-- What was reported of a delivery, and how it stood before. Of each kind the first report counts.
create table delivery_report (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null,
  delivery_id {bytes} not null,
  kind {text} not null,
  recipient {text} not null,
  source {text} not null,
  before {text} not null,
  class {text} not null,
  type {text} not null,
  sub_type {text} not null,
  status {text},
  reporter {text},
  detail {text} not null,
  at {int} not null,
  primary key (delivery_id, kind)
) {strict};
create index delivery_report_message on delivery_report (message_key);

-- Addresses that an organisation does not write to any more. Each has a read-only entry on the
-- list of what must not be sent to; own_block says that the caller had one before.
create table suppression (
  org_id {bytes} not null,
  entry {text} not null,
  reason {text} not null,
  class {text},
  note {text},
  evidence {text},
  message_id {text},
  inbox {text},
  own_block {int} not null,
  created_at {int} not null,
  primary key (org_id, entry)
) {strict index};

-- Failures that may mean that an address is dead, if they go on: on how many days there were some.
create table soft_bounce (
  org_id {bytes} not null,
  address {text} not null,
  days {int} not null,
  first_at {int} not null,
  last_at {int} not null,
  primary key (org_id, address)
) {strict index};
create index soft_bounce_old on soft_bounce (last_at);

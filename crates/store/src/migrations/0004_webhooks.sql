-- Webhooks and their deliveries.

-- kinds, pods and inboxes are one to a line; no kinds are all, neither pods nor inboxes everywhere.
-- secret, old_secret and headers are sealed with a key that is not in the database.
-- A delivery of another epoch than its webhook's was made before the webhook was disabled.
-- Events after begins are posted.
create table webhook (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  webhook_id {bytes} not null primary key,
  url {text} not null,
  client_id {text},
  kinds {text},
  pods {text} not null,
  inboxes {text} not null,
  unseen {int} not null,
  secret {bytes} not null,
  old_secret {bytes},
  old_secret_until {int},
  headers {bytes},
  enabled {int} not null,
  disabled_reason {text},
  epoch {int} not null,
  begins {int} not null,
  failing_since {int},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create unique index webhook_client on webhook (org_id, client_id);
create index webhook_list on webhook (org_id, created_at, webhook_id);
create index webhook_inbox on webhook (inbox_id);
create index webhook_pod on webhook (pod_id);

-- Up to where the log of an organisation with webhooks was looked at for them.
create table webhook_cursor (
  org_id {bytes} not null primary key,
  seq {int} not null
) {strict};

-- body is there for a test, which is in no log.
create table webhook_delivery (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  webhook_id {bytes} not null,
  delivery_id {bytes} not null primary key,
  event_id {bytes} not null,
  seq {int} not null,
  kind {text} not null,
  epoch {int} not null,
  state {text} not null,
  attempts {int} not null,
  tries {int} not null,
  due_at {int},
  status {int},
  error {text},
  body {text},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create index webhook_delivery_list on webhook_delivery (webhook_id, created_at, delivery_id);
create index webhook_delivery_due on webhook_delivery (webhook_id, epoch, due_at) where due_at is not null;
create index webhook_delivery_age on webhook_delivery (org_id, updated_at);

-- micros is how long the try took; answer is the start of what the receiver said.
create table webhook_attempt (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  webhook_id {bytes} not null,
  delivery_id {bytes} not null,
  number {int} not null,
  at {int} not null,
  micros {int} not null,
  status {int},
  error {text},
  answer {text},
  primary key (delivery_id, number)
) {strict};

-- Posting has workers of its own, who look for nothing else.
create index job_post on job (state, run_at) where kind = 'post_hook/1';

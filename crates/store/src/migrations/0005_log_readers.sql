-- Labels added to and removed from messages after they were filed. seq is the time in microseconds,
-- or one more than the last of the inbox: it rises within an inbox and is never used twice.
create table label_change (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  seq {int} not null,
  hidden {int} not null,
  at {int} not null,
  added {int} not null,
  message_id {text} not null,
  label {text} not null,
  primary key (inbox_id, seq)
) {strict index};
create index label_change_age on label_change (org_id, at);

-- Subscriptions that are read with a token instead of posted to a URL. level is 0 for the
-- organisation, 1 for a pod, 2 for an inbox, and place which one; a client_id is unique there.
-- pods and inboxes are what it is narrowed to, one a line; unseen has the reasons for which mail
-- is hidden from it.
create table polling_webhook (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  webhook_id {bytes} not null primary key,
  level {int} not null,
  place {bytes} not null,
  client_id {text} not null,
  token_hash {bytes} not null unique,
  kinds {text} not null,
  pods {text} not null,
  inboxes {text} not null,
  unseen {int} not null,
  begins {int} not null,
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create unique index polling_webhook_client on polling_webhook (place, level, client_id);
create index polling_webhook_list on polling_webhook (place, level, created_at, webhook_id);
create index polling_webhook_pod on polling_webhook (pod_id);
create index polling_webhook_inbox on polling_webhook (inbox_id);

-- What reads mail without a key, and what opens a socket without one.

-- That something without a key, a webhook or the holder of a polling token, was handed mail of a stranger. It
-- counts for every key that reaches the inbox: in the thread until until_at, for all else until wide_until.
create table unkeyed_taint (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null,
  since {int} not null,
  wide_until {int} not null,
  until_at {int} not null,
  primary key (org_id, thread_id)
) {strict index};
create index unkeyed_taint_org on unkeyed_taint (org_id, until_at);
create index unkeyed_taint_pod on unkeyed_taint (org_id, pod_id, until_at);
create index unkeyed_taint_in on unkeyed_taint (org_id, pod_id, inbox_id, until_at);
create index unkeyed_taint_inbox on unkeyed_taint (inbox_id);

-- What opens one socket, once and for a minute, in place of the key that it is of. pod_id and inbox_id are how
-- much the socket reaches.
create table socket_ticket (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  secret_hash {bytes} not null primary key,
  api_key_id {bytes} not null,
  expires_at {int} not null
) {strict index};
create index socket_ticket_key on socket_ticket (api_key_id, expires_at);
create index socket_ticket_end on socket_ticket (expires_at);

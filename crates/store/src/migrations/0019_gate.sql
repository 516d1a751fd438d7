-- The gate: what waits for a decision, policies, and what a key has read.

-- A departure that waits. act and request are the Idempotency-Key and the hash of the request that asked
-- for it. findings and tainted_by are JSON. message_id and thread_id name what was sent in the end.
create table approval (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  approval_id {bytes} not null primary key,
  draft_id {bytes} not null,
  draft_version {int} not null,
  asked_by {bytes},
  act {text},
  request {bytes},
  findings {text} not null,
  tainted_by {text},
  state {text} not null,
  created_at {int} not null,
  expires_at {int} not null,
  decided_at {int},
  decided_by {text},
  reason {text},
  message_id {text},
  thread_id {bytes}
) {strict};
create unique index approval_act on approval (org_id, act);
create index approval_draft on approval (draft_id, state);
create index approval_inbox on approval (org_id, pod_id, inbox_id, state, created_at, approval_id);
create index approval_pod on approval (org_id, pod_id, state, created_at, approval_id);
create index approval_org on approval (org_id, state, created_at, approval_id);
create index approval_of_inbox on approval (inbox_id);

-- subject is the organisation, the pod, the inbox or the key whose policy it is. body is JSON.
create table policy (
  org_id {bytes} not null,
  subject {bytes} not null,
  level {text} not null,
  pod_id {bytes},
  inbox_id {bytes},
  body {text} not null,
  updated_at {int} not null,
  primary key (org_id, subject)
) {strict};
create index policy_inbox on policy (inbox_id);

-- Mail whose author is not to be taken for anybody the inbox knows.
create table stranger_mail (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null,
  message_key {bytes} not null,
  primary key (inbox_id, thread_id, message_key)
) {strict index};
create unique index stranger_mail_message on stranger_mail (message_key);
create index stranger_mail_thread on stranger_mail (org_id, thread_id, message_key);

-- That a key was shown such mail. In the thread it counts until until_at, for all else the key does
-- until wide_until.
create table taint (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  api_key_id {bytes} not null,
  thread_id {bytes} not null,
  since {int} not null,
  wide_until {int} not null,
  until_at {int} not null,
  primary key (org_id, api_key_id, thread_id)
) {strict index};
create index taint_until on taint (org_id, api_key_id, until_at);
create index taint_inbox on taint (inbox_id);

-- Whom an inbox has written to. trusted is 1 when it first did so by itself, and not in answer to a stranger.
create table contact (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  address {text} not null,
  since {int} not null,
  trusted {int} not null,
  primary key (inbox_id, address)
) {strict index};
insert into contact (org_id, pod_id, inbox_id, address, since, trusted)
  select org_id, pod_id, inbox_id, lower(recipient), min(created_at), 1 from delivery
  group by org_id, pod_id, inbox_id, lower(recipient);

-- Which key last changed a draft, and what had tainted it then, as JSON.
create table draft_author (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  draft_id {bytes} not null primary key,
  api_key_id {bytes} not null,
  taint {text}
) {strict index};
create index draft_author_inbox on draft_author (inbox_id);

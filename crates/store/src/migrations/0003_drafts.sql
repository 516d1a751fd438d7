-- Drafts and remembered answers.

-- source_* name the message that is answered or forwarded, which may be gone. content is the text
-- and the HTML as compressed JSON. It comes last, so that lists need not read it.
create table draft (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  draft_id {bytes} not null primary key,
  client_id {text},
  labels {text} not null,
  people {text} not null,
  subject {text},
  preview {text},
  files {text},
  purpose {text},
  source_key {bytes},
  source_id {text},
  source_thread {bytes},
  refs {text},
  send_at {int},
  status {text},
  send_error {text},
  version {int} not null,
  created_at {int} not null,
  updated_at {int} not null,
  content {bytes} not null
) {strict};
create unique index draft_client on draft (inbox_id, client_id);
-- Each scope has an index of its own that begins with exactly its tenant columns, so that a list is
-- read in its order.
create index draft_inbox on draft (org_id, pod_id, inbox_id, updated_at, draft_id);
create index draft_pod on draft (org_id, pod_id, updated_at, draft_id);
create index draft_org on draft (org_id, updated_at, draft_id);

-- Labels beyond draft, which every draft has. at repeats updated_at.
create table draft_label (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  draft_id {bytes} not null,
  label {text} not null,
  at {int} not null,
  primary key (org_id, pod_id, inbox_id, label, at, draft_id)
) {strict index};
create index draft_label_pod on draft_label (org_id, pod_id, label, at, draft_id);
create index draft_label_org on draft_label (org_id, label, at, draft_id);

-- The answer to a departure, under the caller's Idempotency-Key or, beginning with an equals sign,
-- under the hash of what was sent.
create table send_answer (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  answer_key {text} not null,
  request {bytes} not null,
  message_key {bytes} not null,
  message_id {text} not null,
  thread_id {bytes} not null,
  created_at {int} not null,
  expires_at {int} not null,
  primary key (org_id, answer_key)
) {strict};
create index send_answer_expires on send_answer (expires_at);

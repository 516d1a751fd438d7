-- The first shape. Statements end with a line that ends in a semicolon.
-- Every row of a tenant carries org_id, pod_id and inbox_id as far as it belongs to one.

create table org (
  org_id {bytes} not null primary key,
  name {text} not null,
  event_seq {int} not null,
  created_at {int} not null,
  updated_at {int} not null
) {strict};

create table pod (
  org_id {bytes} not null,
  pod_id {bytes} not null primary key,
  name {text} not null,
  client_id {text},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create unique index pod_client on pod (org_id, client_id);

-- org_id is null for a domain that every organisation may use.
create table domain (
  domain {text} not null primary key,
  org_id {bytes},
  pod_id {bytes},
  created_at {int} not null,
  updated_at {int} not null
) {strict};

create table api_key (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  api_key_id {bytes} not null primary key,
  secret_hash {bytes} not null unique,
  prefix {text} not null,
  name {text} not null,
  permissions {text},
  expires_at {int},
  used_at {int},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create index api_key_list on api_key (org_id, created_at, api_key_id);
create index api_key_inbox on api_key (inbox_id);

create table inbox (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null primary key,
  address {text} not null unique,
  display_name {text},
  client_id {text},
  status {text} not null,
  metadata {text},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create unique index inbox_client on inbox (org_id, client_id);
create index inbox_list on inbox (org_id, created_at, inbox_id);

create table thread (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null primary key,
  listed_at {int} not null,
  at {int} not null,
  received_at {int},
  sent_at {int},
  hidden {int} not null,
  labels {text} not null,
  senders {text} not null,
  recipients {text} not null,
  senders_fold {text} not null,
  recipients_fold {text} not null,
  subject {text},
  subject_fold {text} not null,
  preview {text},
  last_message_id {text} not null,
  message_count {int} not null,
  attachment_count {int} not null,
  size {int} not null,
  created_at {int} not null,
  updated_at {int} not null
) {strict};
-- With org_id first too: SQLite would otherwise take thread_org and walk the whole organisation.
create index thread_inbox on thread (org_id, inbox_id, listed_at, thread_id);
create index thread_org on thread (org_id, listed_at, thread_id);

create table thread_label (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null,
  label {text} not null,
  listed_at {int} not null,
  primary key (inbox_id, label, listed_at, thread_id)
) {strict index};
create index thread_label_org on thread_label (org_id, label, listed_at, thread_id);

-- Message-IDs that messages of a thread name but that have not arrived, so that siblings find
-- each other and a late parent finds its children.
create table thread_ref (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_id {text} not null,
  thread_id {bytes} not null,
  primary key (inbox_id, message_id)
) {strict index};
create index thread_ref_thread on thread_ref (thread_id);

-- content is the readable part as compressed JSON. It comes last, so that lists need not read it.
create table message (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null primary key,
  thread_id {bytes} not null,
  message_id {text} not null,
  dedup {bytes},
  direction {int} not null,
  at {int} not null,
  hidden {int} not null,
  labels {text} not null,
  sender {text} not null,
  people {text} not null,
  sender_fold {text} not null,
  people_fold {text} not null,
  subject {text},
  subject_fold {text} not null,
  preview {text},
  in_reply_to {text},
  refs {text},
  attachments {text},
  size {int} not null,
  blob_id {bytes} not null,
  envelope {text},
  trace {text},
  created_at {int} not null,
  updated_at {int} not null,
  content {bytes} not null
) {strict};
create unique index message_public on message (inbox_id, message_id);
-- With hidden in it, a list passes over a flood of spam without reading its rows.
create index message_list on message (inbox_id, at, message_key, hidden);
create index message_thread on message (thread_id, at, message_key);

-- Labels beyond received and sent, which follow from the direction.
create table message_label (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null,
  label {text} not null,
  at {int} not null,
  primary key (inbox_id, label, at, message_key)
) {strict index};

-- Raw mail by the hash of its bytes: in data, or in the object store under the name in object.
create table blob (
  org_id {bytes} not null,
  blob_id {bytes} not null,
  size {int} not null,
  codec {int} not null,
  data {bytes},
  object {bytes},
  links {int} not null,
  primary key (org_id, blob_id)
) {strict};
create index blob_object on blob (object) where object is not null;

-- An object in the object store that may have no blob row: put there before the transaction that
-- links it, or left behind when its last link went. The sweeper removes it after held_until.
create table blob_hold (
  org_id {bytes} not null,
  object {bytes} not null primary key,
  held_until {int} not null
) {strict};
create index blob_hold_until on blob_hold (held_until);

-- The body every reader gets is head, or head and the packed tail and a closing brace.
create table event (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  seq {int} not null,
  event_id {bytes} not null,
  kind {text} not null,
  hidden {int} not null,
  at {int} not null,
  head {text} not null,
  codec {int},
  tail {bytes},
  primary key (org_id, seq)
) {strict};

create table delivery (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  delivery_id {bytes} not null primary key,
  message_key {bytes} not null,
  recipient {text} not null,
  domain {text} not null,
  state {text} not null,
  detail {text},
  attempts {int} not null,
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create index delivery_message on delivery (message_key, domain);

create table job (
  job_id {bytes} not null primary key,
  org_id {bytes} not null,
  kind {text} not null,
  job_key {text},
  run_at {int} not null,
  attempt {int} not null,
  lease_until {int} not null,
  lease_token {bytes},
  payload {text} not null,
  last_error {text},
  state {text} not null,
  revision {int} not null
) {strict};
create unique index job_once on job (org_id, kind, job_key);
create index job_due on job (state, run_at);
create index job_leased on job (lease_until) where lease_until > 0;

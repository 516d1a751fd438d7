-- Pods, keys and sign-up.

create index org_list on org (created_at, org_id);
create index pod_list on pod (org_id, created_at, pod_id);

-- Lists of one pod, which may be a small part of its organisation.
-- The client_id of an inbox is its pod's own, or one pod could tell what another has.
drop index inbox_client;
create unique index inbox_client on inbox (org_id, pod_id, client_id);
create index inbox_pod on inbox (org_id, pod_id, created_at, inbox_id);
create index api_key_pod on api_key (org_id, pod_id, created_at, api_key_id);
create index thread_pod on thread (org_id, pod_id, listed_at, thread_id);

-- An organization that an agent made by signing up, and its human. The code that was mailed is not
-- here: it follows from code_nonce and a key that is not in the database.
create table agent (
  org_id {bytes} not null primary key,
  inbox_id {bytes} not null,
  api_key_id {bytes} not null,
  pending_key_id {bytes},
  human {text},
  human_changes {int} not null,
  code_nonce {bytes},
  code_until {int} not null,
  code_tries {int} not null,
  codes_since {int} not null,
  codes_sent {int} not null,
  sends_since {int} not null,
  sends {int} not null,
  verified_at {int},
  source {text},
  referrer {text},
  created_at {int} not null,
  updated_at {int} not null
) {strict};
create unique index agent_human on agent (human);

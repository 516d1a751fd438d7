-- Messages that a waiting request was given for itself alone: until expires_at, or for good.
create table message_claim (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null primary key,
  claimed_at {int} not null,
  expires_at {int}
) {strict};
create index message_claim_inbox on message_claim (inbox_id);
-- What threading looks at in a message beside ids, subject and people, as JSON: when it was written and
-- its Exchange conversation.
alter table message add column clues {text};
-- By what a message without a known ancestor may find its thread: a byte for the kind, and the beginning
-- of the hash of a subject or of an Exchange conversation.
create table thread_hint (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  hint {bytes} not null,
  thread_id {bytes} not null,
  primary key (inbox_id, hint, thread_id)
) {strict index};
create index thread_hint_thread on thread_hint (thread_id);
-- Messages of several threads may name one message that has not arrived.
alter table thread_ref rename to thread_ref_of_one;
drop index thread_ref_thread;
create table thread_ref (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_id {text} not null,
  thread_id {bytes} not null,
  primary key (inbox_id, message_id, thread_id)
) {strict index};
insert into thread_ref (org_id, pod_id, inbox_id, message_id, thread_id)
  select org_id, pod_id, inbox_id, message_id, thread_id from thread_ref_of_one;
drop table thread_ref_of_one;
create index thread_ref_thread on thread_ref (thread_id);

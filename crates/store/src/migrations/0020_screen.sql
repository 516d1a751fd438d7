-- What the screen at arrival goes by, and what people say of its verdicts.

-- Whether mail that is to be reviewed is held, where somebody chose. place is as in list_entry.
create table screen_mode (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  place {bytes} not null,
  mode {text} not null,
  updated_at {int} not null,
  primary key (org_id, place)
) {strict index};
create index screen_mode_pod on screen_mode (pod_id);
create index screen_mode_inbox on screen_mode (inbox_id);

create table screen_feedback (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null,
  feedback_id {bytes} not null,
  api_key_id {bytes} not null,
  feedback {text} not null,
  notes {text},
  verdict {text} not null,
  model {text} not null,
  created_at {int} not null,
  primary key (message_key, feedback_id)
) {strict index};
create index screen_feedback_inbox on screen_feedback (inbox_id);

-- Whom an inbox has written to, or has had proven mail from. A row for each trait by which somebody
-- who looks like them is found: the first character says which.
create table acquaintance (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  trait {text} not null,
  address {text} not null,
  primary key (inbox_id, trait, address)
) {strict index};
insert into acquaintance (org_id, pod_id, inbox_id, trait, address)
  select distinct org_id, pod_id, inbox_id, '=' || lower(recipient), lower(recipient) from delivery;

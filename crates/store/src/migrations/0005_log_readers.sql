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

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

-- What approvers were asked by mail: a row for each approver and version of a draft. token is the hash of
-- the token in the address that the answer goes to. answers counts what they were told since.
create table approval_mail (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  approval_id {bytes} not null,
  approver {text} not null,
  draft_version {int} not null,
  token {bytes} not null primary key,
  created_at {int} not null,
  sent_at {int},
  answers {int} not null
) {strict};
create index approval_mail_approver on approval_mail (org_id, approver, created_at);
create index approval_mail_inbox on approval_mail (inbox_id);

-- Who was put off at the first try, where the operator wants that. mark is a hash of the client's
-- network, the sender and the recipient; passed is 1 once the client came again.
create table greylist (
  org_id {bytes} not null,
  mark {bytes} not null,
  first_at {int} not null,
  passed {int} not null,
  expires_at {int} not null,
  primary key (org_id, mark)
) {strict index};
create index greylist_age on greylist (org_id, expires_at);

-- Who changed what: a chain of entries for each organisation, in which each has the hash of the one before.

create table audit (
  org_id {bytes} not null,
  seq {int} not null,
  at {int} not null,
  actor {text} not null,
  request {text},
  scope {text} not null,
  action {text} not null,
  target {text} not null,
  before {text},
  after {text},
  hash {bytes} not null,
  primary key (org_id, seq)
) {strict};

-- The end of the chain. Its row is held only by what is entered.
create table audit_head (
  org_id {bytes} not null primary key,
  seq {int} not null,
  hash {bytes} not null
) {strict};

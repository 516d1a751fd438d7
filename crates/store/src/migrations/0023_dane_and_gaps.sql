-- What the TLSA records of the asked server said of its certificate (RFC 7672); null where they were
-- not looked up.
alter table delivery_attempt add column dane {text};
-- Numbers of the log that were given out after the backup from which a restore was made: those
-- between after_seq and upto_seq. Nobody here knows their events.
create table log_gap (
  org_id {bytes} not null,
  after_seq {int} not null,
  upto_seq {int} not null,
  primary key (org_id, after_seq)
) {strict};

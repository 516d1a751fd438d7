-- What arrives in one thread shortly after one another can reach a webhook in one delivery.

-- For how many seconds a webhook gathers arrivals; null for not at all.
alter table webhook add column gather {int};

-- gathers: the thread whose further arrivals a delivery still takes in; null from its first try on.
-- gathered: how many it took in. gathered_in: the delivery that tells of the event of this one, and message_id
-- the message that is named there.
alter table webhook_delivery add column gathers {bytes};
alter table webhook_delivery add column gathered {int};
alter table webhook_delivery add column gathered_in {bytes};
alter table webhook_delivery add column message_id {text};
create index webhook_delivery_gathers on webhook_delivery (webhook_id, gathers, kind, epoch) where gathers is not null;
create index webhook_delivery_gathered on webhook_delivery (gathered_in, seq) where gathered_in is not null;

-- Mail of strangers that was deleted while events still have its words: who is told of those is shown such mail.
create table gone_stranger (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  thread_id {bytes} not null,
  message_key {bytes} not null primary key,
  gone_at {int} not null
) {strict index};
create index gone_stranger_age on gone_stranger (org_id, gone_at);
create index gone_stranger_inbox on gone_stranger (inbox_id);

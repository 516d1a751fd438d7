-- What happened to a message is found by the message. The keys rise with time, so that the indexes
-- grow at their end.
alter table event add column message_key {bytes};
create index event_message on event (message_key, seq) where message_key is not null;
alter table label_change add column message_key {bytes};
create index label_change_message on label_change (message_key, seq) where message_key is not null;
-- Deliveries of one event to all webhooks.
create index webhook_delivery_event on webhook_delivery (org_id, seq);

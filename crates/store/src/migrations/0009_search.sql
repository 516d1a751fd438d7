-- Segments now say which words stand next to each other, and list messages without weights. What was
-- indexed before is indexed again: a search finds the newest mail first until that is done.
delete from search_segment;
drop table search_leaf;
create table search_leaf (
  org_id {bytes} not null,
  segment {bytes} not null,
  leaf {bytes} not null,
  data {bytes} not null,
  primary key (org_id, segment, leaf)
) {strict};

insert into search_pending (org_id, pod_id, inbox_id, message_key)
  select org_id, pod_id, inbox_id, message_key from message where hidden = 0
  on conflict (org_id, message_key) do nothing;

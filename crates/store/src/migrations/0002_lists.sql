-- Allow and block lists. place is whose list it is, for looking an address up at all three scopes
-- with one statement: one octet for organisation, pod or inbox, and the id. An inbox's lists have its
-- pod too, so that whoever reaches the pod reaches them.
create table list_entry (
  org_id {bytes} not null,
  pod_id {bytes},
  inbox_id {bytes},
  place {bytes} not null,
  direction {text} not null,
  list_type {text} not null,
  entry {text} not null,
  read_only {int} not null,
  reason {text},
  created_at {int} not null,
  primary key (org_id, place, direction, list_type, entry)
) {strict index};
-- A caller's entry is on one of the two lists; what the server adds stands beside it.
create unique index list_entry_side on list_entry (org_id, place, direction, entry) where read_only = 0;
create index list_entry_pod on list_entry (pod_id);
create index list_entry_inbox on list_entry (inbox_id);

-- When an inbox sent, for the limit on how much it may send in an hour. Older rows are removed when
-- it sends again; without a limit there are none.
create table send_log (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  at {int} not null,
  send_id {bytes} not null,
  primary key (inbox_id, at, send_id)
) {strict index};

-- The words of messages. The index is kept as immutable segments of sorted words, so that filing
-- pays for one row of search_pending and everything else happens later, many messages at a time.

-- Messages whose words are not in a segment yet.
create table search_pending (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  message_key {bytes} not null,
  primary key (org_id, message_key)
) {strict index};

-- state: 0 is being written, 1 is searched, 2 is to be removed. newest and oldest are the times of
-- messages in it; gone counts messages of that time that were deleted since it was written.
create table search_segment (
  org_id {bytes} not null,
  segment {bytes} not null,
  state {int} not null,
  docs {int} not null,
  gone {int} not null,
  newest {int} not null,
  oldest {int} not null,
  updated_at {int} not null,
  primary key (org_id, segment)
) {strict index};

-- leaf is the first entry in data; the entries of a segment are sorted over all its leaves.
create table search_leaf (
  org_id {bytes} not null,
  segment {bytes} not null,
  leaf {bytes} not null,
  data {bytes} not null,
  primary key (org_id, segment, leaf)
) {strict};

-- The words of the address and the display name of an inbox.
create table inbox_word (
  org_id {bytes} not null,
  pod_id {bytes} not null,
  inbox_id {bytes} not null,
  word {text} not null,
  primary key (org_id, word, inbox_id)
) {strict index};
create index inbox_word_inbox on inbox_word (inbox_id);

insert into search_pending (org_id, pod_id, inbox_id, message_key)
  select org_id, pod_id, inbox_id, message_key from message where hidden = 0;

-- What attached documents say, or why nothing, so that each is read once: by the bytes that hold it and
-- the part of them it is. It goes with those bytes.
create table document_text (
  org_id {bytes} not null,
  blob_id {bytes} not null,
  part {int} not null,
  content {bytes} not null,
  reader {int} not null,
  why {text},
  codec {int} not null,
  size {int} not null,
  data {bytes} not null,
  primary key (org_id, blob_id, part)
) {strict};
-- The same document in other mail.
create index document_text_content on document_text (org_id, content);

//! Drafts: kept with their place in the lists, their labels and their holders of bytes.

use mail::{MessageId, Timestamp};
use model::api_key::Scope;
use model::draft::{Draft, DraftFile, Purpose, SendStatus, Source};
use model::label::Label;
use model::message::{Content, People};
use model::page::DraftFilter;
use model::{
    ApiKeyId, Code, DraftId, Error, InboxKey, Labels, MessageKey, PodId, Result, ThreadId,
};

use crate::access::Actor;
use crate::blobs::{BlobId, Placed};
use crate::db::{DbError, DbResult, Row, Value, args};
use crate::messages::listing::{Conditions, page};
use crate::messages::{Body, Position};
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

const COLUMNS: &str = "d.draft_id, d.org_id, d.pod_id, d.inbox_id, i.address, d.client_id, d.labels, d.people, \
    d.subject, d.preview, d.files, d.purpose, d.source_key, d.source_id, d.source_thread, d.refs, d.send_at, \
    d.status, d.send_error, d.version, d.created_at, d.updated_at";

/// The label that every draft has, so that nothing needs to index it.
const ALWAYS: &str = "draft";

/// What became of a draft that was to be made.
#[derive(Clone, Debug)]
pub enum NewDraftOutcome {
    /// It was made.
    Made(Box<Draft>),
    /// The caller made it before, under the same `client_id`.
    Known(Box<Draft>),
}

/// A change of a draft: its new state, the bytes it begins to hold and those it gives up.
#[derive(Clone, Debug)]
pub struct DraftChange {
    /// How it was read; the change counts only if it still is so.
    pub before: Draft,
    /// How it shall be. Its version is set by the change.
    pub after: Draft,
    /// Its bodies, if they change.
    pub body: Option<Body>,
    /// The bytes of the files that were added.
    pub added: Vec<Placed>,
}

fn read(row: &Row<'_>) -> DbResult<Draft> {
    let status: Option<String> = row.get(17)?;
    Ok(Draft {
        draft_id: row.get(0)?,
        org_id: row.get(1)?,
        pod_id: row.get(2)?,
        inbox_key: row.get(3)?,
        inbox_id: row.get(4)?,
        client_id: row.get(5)?,
        labels: row.get(6)?,
        people: from_json::<People>(row.text(7)?, 7)?,
        subject: row.get(8)?,
        preview: row.get(9)?,
        files: read_files(row, 10)?,
        source: source(row)?,
        send_at: row.get(16)?,
        status: status
            .map(|name| SendStatus::parse(&name).ok_or_else(|| DbError::shape(17)))
            .transpose()?,
        send_error: row.get(18)?,
        version: row.get(19)?,
        created_at: row.get(20)?,
        updated_at: row.get(21)?,
    })
}

fn source(row: &Row<'_>) -> DbResult<Option<Source>> {
    let Some(purpose) = row.get::<Option<String>>(11)? else {
        return Ok(None);
    };
    let refs: Option<String> = row.get(15)?;
    let refs = refs.unwrap_or_default();
    Ok(Some(Source {
        purpose: Purpose::parse(&purpose).ok_or_else(|| DbError::shape(11))?,
        key: row.get::<MessageKey>(12)?,
        message_id: row.get(13)?,
        thread_id: row.get::<ThreadId>(14)?,
        references: refs.lines().filter_map(MessageId::parse).collect(),
    }))
}

impl View<'_> {
    /// A draft.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn draft(&mut self, id: DraftId) -> Result<Draft> {
        let sql = format!(
            "select {COLUMNS} from draft d join inbox i on i.inbox_id = d.inbox_id \
             where {{scope d}} and d.draft_id = $1"
        );
        let found = self.first(&sql, args![id], read)?;
        found.ok_or_else(|| Error::not_found("Draft"))
    }

    /// The text and the HTML of a draft.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn draft_content(&mut self, id: DraftId) -> Result<Content> {
        let packed = self.first(
            "select content from draft where {scope} and draft_id = $1",
            args![id],
            |row| row.get::<Vec<u8>>(0),
        )?;
        let packed = packed.ok_or_else(|| Error::not_found("Draft"))?;
        Body::unpack(self.codec, &packed)
    }

    /// The key that made a draft; `None` for one of the server's own, or from before this was kept.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn draft_maker(&mut self, id: DraftId) -> Result<Option<ApiKeyId>> {
        let found = self.first(
            "select author from draft where {scope} and draft_id = $1",
            args![id],
            |row| row.get::<Option<ApiKeyId>>(0),
        )?;
        found.ok_or_else(|| Error::not_found("Draft"))
    }

    /// The draft of an inbox that its caller made under this id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn draft_of_client(&mut self, inbox: InboxKey, client_id: &str) -> Result<Option<Draft>> {
        let sql = format!(
            "select {COLUMNS} from draft d join inbox i on i.inbox_id = d.inbox_id \
             where {{scope d}} and d.inbox_id = $1 and d.client_id = $2"
        );
        Ok(self.first(&sql, args![inbox, client_id], read)?)
    }

    /// A page of the drafts within reach, last changed first unless ascending, beginning after
    /// `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drafts(
        &mut self,
        filter: &DraftFilter,
        from: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Draft>> {
        let labels: Vec<&String> = filter.labels.iter().filter(|l| *l != ALWAYS).collect();
        let lead = labels.split_first();
        let (source, at, key) = match lead {
            Some(_) => (
                "draft_label l join draft d on d.draft_id = l.draft_id",
                "l.at",
                "l.draft_id",
            ),
            None => (
                match self.access.scope() {
                    Scope::Inbox(..) => "draft d {by draft_inbox}",
                    Scope::Pod(_) => "draft d {by draft_pod}",
                    Scope::Org => "draft d {by draft_org}",
                },
                "d.updated_at",
                "d.draft_id",
            ),
        };
        let start = if lead.is_some() {
            "{scope l}"
        } else {
            "{scope d}"
        };
        let mut list = Conditions::new(start);
        if let Some((first, others)) = lead {
            list.and("l.label = #", [Value::from(*first)]);
            for label in others {
                list.and(
                    "exists (select 1 from draft_label o where o.org_id = l.org_id and o.pod_id = l.pod_id \
                     and o.inbox_id = l.inbox_id and o.label = # and o.at = l.at and o.draft_id = l.draft_id)",
                    [Value::from(*label)],
                );
            }
        }
        if let Some(before) = filter.before {
            list.and(&format!("{at} < #"), [Value::from(before)]);
        }
        if let Some(after) = filter.after {
            list.and(&format!("{at} >= #"), [Value::from(after)]);
        }
        let order = page(&mut list, at, key, from, filter.page.ascending, limit);
        let sql = format!(
            "select {COLUMNS} from {source} join inbox i on i.inbox_id = d.inbox_id where {}{order}",
            list.sql
        );
        Ok(self.all(&sql, &list.values, read)?)
    }
}

impl Txn<'_> {
    /// Makes a draft, once for each `client_id` of its inbox. `placed` are the bytes of its files.
    ///
    /// # Errors
    /// `not_found` when the inbox is out of reach.
    pub fn create_draft(
        &mut self,
        draft: &Draft,
        body: &Body,
        placed: &[Placed],
    ) -> Result<NewDraftOutcome> {
        // Holding the inbox keeps its deletion from missing this draft.
        self.lock_inbox(draft.inbox_key)?;
        let (org_id, source) = (self.access.org_id(), draft.source.as_ref());
        let author = match self.access.actor() {
            Actor::Key(id) => Some(id),
            Actor::System(_) => None,
        };
        let made = self.exec(
            "insert into draft (org_id, pod_id, inbox_id, draft_id, client_id, labels, people, subject, preview, \
             files, purpose, source_key, source_id, source_thread, refs, send_at, status, send_error, version, \
             created_at, updated_at, content, author) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) on conflict (inbox_id, client_id) do nothing \
             -- unscoped: the row names its tenant, and its inbox was just found within reach",
            args![
                org_id,
                draft.pod_id,
                draft.inbox_key,
                draft.draft_id,
                draft.client_id.as_deref(),
                &draft.labels,
                to_json(&draft.people)?,
                draft.subject.as_deref(),
                draft.preview.as_deref(),
                files(draft)?,
                source.map(|source| source.purpose.name()),
                source.map(|source| source.key),
                source.map(|source| &source.message_id),
                source.map(|source| source.thread_id),
                source.map(|source| stored_ids(&source.references)),
                draft.send_at,
                draft.status.map(SendStatus::name),
                draft.send_error.as_deref(),
                draft.version,
                draft.created_at,
                draft.updated_at,
                body.as_bytes(),
                author,
            ],
        )?;
        if made == 0 {
            let client_id = draft.client_id.as_deref().unwrap_or_default();
            let known = self.draft_of_client(draft.inbox_key, client_id)?;
            let known = known.ok_or_else(|| Error::unavailable("The draft is being removed"))?;
            return Ok(NewDraftOutcome::Known(Box::new(known)));
        }
        for bytes in placed {
            self.link(bytes)?;
        }
        self.index_draft(&Place::of(draft), &draft.labels)?;
        let draft = self.draft(draft.draft_id)?;
        Ok(NewDraftOutcome::Made(Box::new(draft)))
    }

    /// Holds a draft until the commit and reads it.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn lock_draft(&mut self, id: DraftId) -> Result<Draft> {
        let held = self.first(
            "select 1 from draft where {scope} and draft_id = $1 {lock}",
            args![id],
            |row| row.get::<i64>(0),
        )?;
        held.ok_or_else(|| Error::not_found("Draft"))?;
        self.draft(id)
    }

    /// Changes a draft if nobody else has changed it since it was read; whether that was so.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn change_draft(&mut self, change: &DraftChange) -> Result<Option<Draft>> {
        let DraftChange { before, after, .. } = change;
        let id = before.draft_id;
        if self.lock_draft(id)?.version != before.version {
            return Ok(None);
        }
        self.exec(
            "update draft set labels = $2, people = $3, subject = $4, preview = $5, files = $6, send_at = $7, \
             status = $8, send_error = $9, version = version + 1, updated_at = $10 \
             where {scope} and draft_id = $1",
            args![
                id,
                &after.labels,
                to_json(&after.people)?,
                after.subject.as_deref(),
                after.preview.as_deref(),
                files(after)?,
                after.send_at,
                after.status.map(SendStatus::name),
                after.send_error.as_deref(),
                after.updated_at,
            ],
        )?;
        if let Some(body) = &change.body {
            self.exec(
                "update draft set content = $2 where {scope} and draft_id = $1",
                args![id, body.as_bytes()],
            )?;
        }
        for bytes in &change.added {
            self.link(bytes)?;
        }
        let kept = |file: &&DraftFile| {
            let id = file.shown.attachment_id;
            !after.files.iter().any(|own| own.shown.attachment_id == id)
        };
        for file in before.files.iter().filter(kept) {
            self.unlink_raw(blob(file)?)?;
        }
        if before.labels != after.labels || before.updated_at != after.updated_at {
            self.unindex_draft(&Place::of(before), &before.labels)?;
            self.index_draft(&Place::of(after), &after.labels)?;
        }
        self.draft(id).map(Some)
    }

    /// Removes a draft with everything it holds, if it is as it was read.
    ///
    /// # Errors
    /// `not_found` when it is gone, or `conflict` when it was changed.
    pub fn take_draft(&mut self, draft: &Draft) -> Result<()> {
        let current = self.lock_draft(draft.draft_id)?;
        if current.version != draft.version {
            return Err(Error::new(
                Code::Conflict,
                "The draft was changed while it was being sent",
            )
            .fix("Read the draft again and decide anew; nothing was sent."));
        }
        self.erase_draft(&current)
    }

    /// Removes a draft that was locked.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_draft(&mut self, draft: &Draft) -> Result<()> {
        self.exec(
            "delete from draft where {scope} and draft_id = $1",
            args![draft.draft_id],
        )?;
        self.put(
            "delete from draft_author where {scope} and draft_id = $1",
            args![draft.draft_id],
        )?;
        for file in &draft.files {
            self.unlink_raw(blob(file)?)?;
        }
        self.unindex_draft(&Place::of(draft), &draft.labels)
    }

    /// Removes up to `slice` drafts of an inbox that was deleted; whether any may be left.
    pub(crate) fn purge_drafts(&mut self, inbox: InboxKey, slice: usize) -> Result<bool> {
        let limit = i64::try_from(slice).unwrap_or(i64::MAX);
        let drafts = self.all(
            "select draft_id, pod_id, labels, updated_at, files from draft \
             where {scope} and inbox_id = $1 limit $2",
            args![inbox, limit],
            |row| {
                let place = Place {
                    pod_id: row.get(1)?,
                    inbox_key: inbox,
                    draft_id: row.get(0)?,
                    at: row.get(3)?,
                };
                Ok((place, row.get::<Labels>(2)?, read_files(row, 4)?))
            },
        )?;
        for (place, labels, files) in &drafts {
            self.exec(
                "delete from draft where {scope} and draft_id = $1",
                args![place.draft_id],
            )?;
            for file in files {
                self.unlink_raw(blob(file)?)?;
            }
            self.unindex_draft(place, labels)?;
        }
        Ok(!drafts.is_empty())
    }

    fn index_draft(&mut self, place: &Place, labels: &Labels) -> Result<()> {
        let org_id = self.access.org_id();
        for label in indexed(labels) {
            self.exec(
                "insert into draft_label (org_id, pod_id, inbox_id, draft_id, label, at) \
                 values ($1, $2, $3, $4, $5, $6) -- unscoped: the row repeats the tenant of its draft",
                args![
                    org_id,
                    place.pod_id,
                    place.inbox_key,
                    place.draft_id,
                    label.as_str(),
                    place.at,
                ],
            )?;
        }
        Ok(())
    }

    fn unindex_draft(&mut self, place: &Place, labels: &Labels) -> Result<()> {
        for label in indexed(labels) {
            self.exec(
                "delete from draft_label where {scope} and pod_id = $1 and inbox_id = $2 and label = $3 \
                 and at = $4 and draft_id = $5",
                args![
                    place.pod_id,
                    place.inbox_key,
                    label.as_str(),
                    place.at,
                    place.draft_id,
                ],
            )?;
        }
        Ok(())
    }
}

/// Where the labels of a draft are indexed.
struct Place {
    pod_id: PodId,
    inbox_key: InboxKey,
    draft_id: DraftId,
    at: Timestamp,
}

impl Place {
    fn of(draft: &Draft) -> Self {
        Self {
            pod_id: draft.pod_id,
            inbox_key: draft.inbox_key,
            draft_id: draft.draft_id,
            at: draft.updated_at,
        }
    }
}

fn read_files(row: &Row<'_>, column: usize) -> DbResult<Vec<DraftFile>> {
    let text: Option<String> = row.get(column)?;
    text.map_or_else(|| Ok(Vec::new()), |text| from_json(&text, column))
}

fn indexed(labels: &Labels) -> impl Iterator<Item = &Label> {
    labels.iter().filter(|label| label.as_str() != ALWAYS)
}

fn files(draft: &Draft) -> Result<Option<String>> {
    let some = (!draft.files.is_empty()).then_some(&draft.files);
    some.map(to_json).transpose()
}

fn blob(file: &DraftFile) -> Result<BlobId> {
    BlobId::parse(&file.blob).ok_or_else(|| Error::internal("the file of a draft is damaged"))
}

fn stored_ids(ids: &[MessageId]) -> String {
    let ids: Vec<&str> = ids.iter().map(MessageId::as_str).collect();
    ids.join("\n")
}

//! Threads: kept up to date with every message that joins or leaves.

use std::collections::{BTreeSet, HashMap};

use mail::{MessageId, Timestamp};
use model::api_key::Scope;
use model::label::Labels;
use model::message::{Attachment, Direction, Message};
use model::page::ThreadFilter;
use model::thread::Thread;
use model::{AttachmentId, Error, Hidden, InboxKey, MessageKey, Result, ThreadId};

use crate::db::{DbResult, Row, Value, args};
use crate::messages::listing::{Conditions, contains, page, shown, split_labels};
use crate::messages::{self, Position, fold};
use crate::padded;
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

const COLUMNS: &str = "t.thread_id, t.org_id, t.pod_id, t.inbox_id, i.address, t.labels, t.at, t.received_at, \
    t.sent_at, t.senders, t.recipients, t.subject, t.preview, t.last_message_id, t.message_count, \
    t.attachment_count, t.size, t.hidden, t.listed_at, t.created_at, t.updated_at";

/// A thread with what only the store needs to know of it.
pub(crate) struct ThreadRow {
    thread: Thread,
    inbox_key: InboxKey,
    hidden: Hidden,
    /// The place in lists: the newest received message, or the newest at all.
    listed_at: Timestamp,
    attachment_count: i64,
}

fn read(row: &Row<'_>) -> DbResult<ThreadRow> {
    Ok(ThreadRow {
        thread: Thread {
            thread_id: row.get(0)?,
            org_id: row.get(1)?,
            pod_id: row.get(2)?,
            inbox_id: row.get(4)?,
            labels: row.get(5)?,
            at: row.get(6)?,
            received_at: row.get(7)?,
            sent_at: row.get(8)?,
            senders: from_json(row.text(9)?, 9)?,
            recipients: from_json(row.text(10)?, 10)?,
            subject: row.get(11)?,
            preview: row.get(12)?,
            attachments: Vec::new(),
            last_message_id: row.get::<MessageId>(13)?,
            message_count: row.get(14)?,
            size: row.get(16)?,
            created_at: row.get(19)?,
            updated_at: row.get(20)?,
        },
        inbox_key: row.get(3)?,
        hidden: row.get(17)?,
        listed_at: row.get(18)?,
        attachment_count: row.get(15)?,
    })
}

impl ThreadRow {
    /// The subject of its first message.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.thread.subject.as_deref()
    }

    /// The thread that `message` begins.
    fn begin(message: &Message) -> Self {
        let thread = Thread {
            thread_id: message.thread_id,
            org_id: message.org_id,
            pod_id: message.pod_id,
            inbox_id: message.inbox_id.clone(),
            labels: Labels::default(),
            at: message.at,
            received_at: None,
            sent_at: None,
            senders: Vec::new(),
            recipients: Vec::new(),
            subject: message.subject.clone(),
            preview: None,
            attachments: Vec::new(),
            last_message_id: message.message_id.clone(),
            message_count: 0,
            size: 0,
            created_at: message.created_at,
            updated_at: message.updated_at,
        };
        let mut row = Self {
            thread,
            inbox_key: message.inbox_key,
            hidden: message.labels.hidden(),
            listed_at: message.at,
            attachment_count: 0,
        };
        row.add(message);
        row
    }

    /// Takes a message into account. What hidden mail says never shows in a thread that has other
    /// mail: neither spam nor a stranger who guessed a Message-ID may write into its summary.
    fn add(&mut self, message: &Message) {
        let hidden = message.labels.hidden();
        if self.hidden == Hidden::NONE && hidden != Hidden::NONE {
            return;
        }
        if self.hidden != Hidden::NONE && hidden == Hidden::NONE {
            let created_at = self.thread.created_at;
            *self = Self::begin(message);
            self.thread.created_at = created_at;
            return;
        }
        let thread = &mut self.thread;
        let newest = message.at >= thread.at;
        thread.at = thread.at.max(message.at);
        let side = match message.direction {
            Direction::Received => &mut thread.received_at,
            Direction::Sent => &mut thread.sent_at,
        };
        *side = Some(side.map_or(message.at, |at| at.max(message.at)));
        if newest || thread.message_count == 0 {
            thread.last_message_id = message.message_id.clone();
            thread.preview.clone_from(&message.preview);
        }
        remember(&mut thread.senders, &message.from);
        for recipient in message.people.recipients() {
            remember(&mut thread.recipients, recipient);
        }
        for label in message.labels.iter() {
            thread.labels.insert(label.clone());
        }
        thread.message_count += 1;
        thread.size += message.size;
        thread.updated_at = thread.updated_at.max(message.updated_at);
        self.attachment_count += i64::try_from(message.attachments.len()).unwrap_or(0);
        self.hidden = self.hidden.with(hidden);
        self.listed_at = self.thread.received_at.unwrap_or(self.thread.at);
    }
}

fn remember(people: &mut Vec<String>, name: &str) {
    if people.len() < Thread::MAX_PEOPLE && !people.iter().any(|known| known == name) {
        people.push(name.to_owned());
    }
}

/// Labels with rows of their own; the other two follow from the dates.
fn indexed(labels: &Labels) -> impl Iterator<Item = &str> {
    labels
        .iter()
        .map(model::Label::as_str)
        .filter(|label| !["received", "sent"].contains(label))
}

impl View<'_> {
    /// A thread, of this inbox if one is named.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn thread(&mut self, inbox: Option<InboxKey>, id: ThreadId) -> Result<Thread> {
        let sql = format!(
            "select {COLUMNS} from thread t join inbox i on i.inbox_id = t.inbox_id \
             where {{scope t}} and {{seen t}} and t.thread_id = $1"
        );
        let found = self.first(&sql, args![id], read)?;
        let row = found.filter(|row| inbox.is_none_or(|key| key == row.inbox_key));
        let row = row.ok_or_else(|| Error::not_found("Thread"))?;
        self.with_attachments(row)
    }

    /// The inbox that a thread lives in.
    ///
    /// # Errors
    /// `not_found` when the thread is not within reach.
    pub fn inbox_of_thread(&mut self, id: ThreadId) -> Result<InboxKey> {
        let found = self.first(
            "select t.inbox_id from thread t join inbox i on i.inbox_id = t.inbox_id \
             where {scope t} and {seen t} and t.thread_id = $1",
            args![id],
            |row| row.get(0),
        )?;
        found.ok_or_else(|| Error::not_found("Thread"))
    }

    /// A page of threads, by their newest received message, newest first unless ascending. Each
    /// comes with its place in the list.
    ///
    /// # Errors
    /// When the store fails.
    pub fn threads(
        &mut self,
        inbox: Option<InboxKey>,
        filter: &ThreadFilter,
        from: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Thread, Position)>> {
        let (labels, _) = split_labels(&filter.labels);
        let sent_too = filter.labels.iter().any(|label| label == "sent");
        let org = Value::from(self.access.org_id());
        // Exactly the columns that the index of this level begins with.
        let (place, values) = match (inbox, *self.access.scope()) {
            (Some(inbox), _) | (None, Scope::Inbox(_, inbox)) => {
                ("l.inbox_id = #", vec![Value::from(inbox)])
            }
            (None, Scope::Pod(pod)) => {
                ("l.org_id = # and l.pod_id = #", vec![org, Value::from(pod)])
            }
            (None, Scope::Org) => ("l.org_id = #", vec![org]),
        };
        let labels = self.rarest_first("thread_label", (place, &values), labels)?;
        let lead = labels.split_first();
        let (source, at, key) = match lead {
            Some(_) => (
                "thread_label l join thread t on t.thread_id = l.thread_id",
                "l.listed_at",
                "l.thread_id",
            ),
            None => (
                match (inbox, self.access.scope()) {
                    (Some(_), _) => "thread t",
                    (None, Scope::Inbox(..)) => "thread t {by thread_inbox}",
                    (None, Scope::Pod(_)) => "thread t {by thread_pod}",
                    (None, Scope::Org) => "thread t {by thread_org}",
                },
                "t.listed_at",
                "t.thread_id",
            ),
        };
        let mut list = Conditions::new("{scope t} and {seen t}");
        if let Some(inbox) = inbox {
            list.and("t.inbox_id = #", [Value::from(inbox)]);
        }
        if let Some((first, others)) = lead {
            list.and(place, values);
            list.and("l.label = #", [Value::from(*first)]);
            for label in others {
                list.and(
                    "exists (select 1 from thread_label o where o.inbox_id = l.inbox_id \
                     and o.label = # and o.listed_at = l.listed_at and o.thread_id = l.thread_id)",
                    [Value::from(*label)],
                );
            }
        }
        if sent_too {
            list.and("t.sent_at is not null", []);
        }
        if !sent_too || filter.labels.iter().any(|label| label == "received") {
            list.and("t.received_at is not null", []);
        }
        let include = filter.include.asked_for(&filter.labels);
        shown(&mut list, "t", include);
        if let Some(before) = filter.before {
            list.and(&format!("{at} < #"), [Value::from(before)]);
        }
        if let Some(after) = filter.after {
            list.and(&format!("{at} >= #"), [Value::from(after)]);
        }
        contains(&mut list, "t.senders_fold", &filter.senders);
        contains(&mut list, "t.recipients_fold", &filter.recipients);
        contains(&mut list, "t.subject_fold", &filter.subject);
        let order = page(&mut list, at, key, from, filter.page.ascending, limit);
        let sql = format!(
            "select {COLUMNS} from {source} join inbox i on i.inbox_id = t.inbox_id where {}{order}",
            list.sql
        );
        let rows = self.all(&sql, &list.values, read)?;
        rows.into_iter()
            .map(|row| {
                let key = *row.thread.thread_id.as_bytes();
                let position = Position {
                    at: row.listed_at.as_micros(),
                    key,
                };
                Ok((self.with_attachments(row)?, position))
            })
            .collect()
    }

    /// An attachment of any message in a thread, and the message it is part of.
    ///
    /// # Errors
    /// `not_found`.
    pub fn thread_attachment(
        &mut self,
        thread: ThreadId,
        wanted: AttachmentId,
    ) -> Result<(MessageKey, Attachment)> {
        let lists = self.all(
            "select m.message_key, m.attachments from message m join thread t on t.thread_id = m.thread_id \
             where {scope m} and {seen m} and m.thread_id = $1 and m.attachments is not null \
             and (m.hidden = 0 or t.hidden <> 0)",
            args![thread],
            |row| Ok((row.get(0)?, from_json::<Vec<Attachment>>(row.text(1)?, 1)?)),
        )?;
        let mut parts = lists
            .into_iter()
            .flat_map(|(key, parts)| parts.into_iter().map(move |part| (key, part)));
        let found = parts.find(|(_, part)| part.attachment_id == wanted);
        found.ok_or_else(|| Error::not_found("Attachment"))
    }

    /// The threads with these ids that are shown to everybody who reaches them.
    pub(crate) fn shown_threads(&mut self, ids: &[ThreadId]) -> Result<HashMap<ThreadId, Thread>> {
        let mut rows = Vec::with_capacity(ids.len());
        for ids in ids.chunks(padded::SIZE) {
            let marks = padded::marks(1);
            let sql = format!(
                "select {COLUMNS} from thread t join inbox i on i.inbox_id = t.inbox_id \
                 where {{scope:row t}} and t.hidden = 0 and t.thread_id in ({marks})"
            );
            let values: Vec<Value<'_>> = padded::values(ids).collect();
            rows.extend(self.all(&sql, &values, read)?);
        }
        rows.into_iter()
            .map(|row| Ok((row.thread.thread_id, self.with_attachments(row)?)))
            .collect()
    }

    pub(crate) fn with_attachments(&mut self, row: ThreadRow) -> Result<Thread> {
        let mut thread = row.thread;
        if row.attachment_count > 0 {
            let lists = self.all(
                "select attachments from message where {scope} and {seen} and thread_id = $1 \
                 and attachments is not null and (hidden = 0 or $2 <> 0) order by at, message_key",
                args![thread.thread_id, row.hidden],
                |row| from_json::<Vec<Attachment>>(row.text(0)?, 0),
            )?;
            thread.attachments = lists.into_iter().flatten().collect();
        }
        Ok(thread)
    }

    fn thread_row(&mut self, id: ThreadId) -> Result<Option<ThreadRow>> {
        let sql = format!(
            "select {COLUMNS} from thread t join inbox i on i.inbox_id = t.inbox_id \
             where {{scope t}} and t.thread_id = $1"
        );
        Ok(self.first(&sql, args![id], read)?)
    }
}

impl Txn<'_> {
    /// Takes a message just filed into its thread; `None` when there is no such thread.
    pub(crate) fn join_thread(&mut self, message: &Message) -> Result<Option<ThreadRow>> {
        let Some(mut row) = self.thread_row(message.thread_id)? else {
            return Ok(None);
        };
        let (was_at, was_labelled) = (row.listed_at, row.thread.labels.clone());
        row.add(message);
        self.update_thread(&row, was_at, &was_labelled)?;
        Ok(Some(row))
    }

    /// Makes the thread that a message just filed begins.
    pub(crate) fn begin_thread(&mut self, message: &Message) -> Result<ThreadRow> {
        let row = ThreadRow::begin(message);
        self.insert_thread(&row)?;
        Ok(row)
    }

    /// Makes the thread say what its messages say after some of them changed their labels.
    pub(crate) fn refresh_thread_labels(&mut self, id: ThreadId) -> Result<()> {
        let Some(mut row) = self.thread_row(id)? else {
            return Ok(());
        };
        let (was_at, was_labelled) = (row.listed_at, row.thread.labels.clone());
        let all = self.all(
            "select labels from message where {scope} and thread_id = $1",
            args![id],
            |row| row.get::<Labels>(0),
        )?;
        let (shown, hidden): (Vec<&Labels>, Vec<&Labels>) = all
            .iter()
            .partition(|labels| labels.hidden() == Hidden::NONE);
        let counted = if shown.is_empty() { hidden } else { shown };
        row.thread.labels = counted
            .into_iter()
            .flat_map(Labels::iter)
            .cloned()
            .collect();
        row.thread.updated_at = self.now;
        self.update_thread(&row, was_at, &was_labelled)
    }

    /// Makes the thread say what is left in it; with nothing left it goes.
    pub(crate) fn rebuild_thread(&mut self, id: ThreadId) -> Result<()> {
        let Some(old) = self.thread_row(id)? else {
            return Ok(());
        };
        let left = self.all_messages(id)?;
        let Some((first, others)) = left.split_first() else {
            self.unindex(&old, old.listed_at, &old.thread.labels)?;
            self.exec(
                "delete from thread_ref where {scope} and thread_id = $1",
                args![id],
            )?;
            self.exec(
                "delete from thread_hint where {scope} and thread_id = $1",
                args![id],
            )?;
            self.exec(
                "delete from thread where {scope} and thread_id = $1",
                args![id],
            )?;
            return self.count_held(old.inbox_key, 0, -1, 0);
        };
        let mut row = ThreadRow::begin(first);
        for message in others {
            row.add(message);
        }
        row.thread.created_at = old.thread.created_at;
        row.thread.updated_at = self.now;
        self.update_thread(&row, old.listed_at, &old.thread.labels)
    }

    /// Makes threads say what is in them after messages were moved between them, and gives the row
    /// that `filed` has then.
    pub(crate) fn remade(
        &mut self,
        filed: ThreadRow,
        changed: &BTreeSet<ThreadId>,
    ) -> Result<ThreadRow> {
        for id in changed {
            if self.thread_row(*id)?.is_some() {
                self.rebuild_thread(*id)?;
            } else {
                self.begin_divided(*id)?;
            }
        }
        if changed.is_empty() {
            return Ok(filed);
        }
        let row = self.thread_row(filed.thread.thread_id)?;
        row.ok_or_else(|| Error::internal("a thread is gone that was just filed into"))
    }

    /// Makes the thread of messages that were divided off another one.
    fn begin_divided(&mut self, id: ThreadId) -> Result<()> {
        let all = self.all_messages(id)?;
        let Some((first, others)) = all.split_first() else {
            return Ok(());
        };
        let mut row = ThreadRow::begin(first);
        for message in others {
            row.add(message);
        }
        row.thread.updated_at = self.now;
        self.insert_thread(&row)?;
        self.count_held(first.inbox_key, 0, 1, 0)
    }

    fn all_messages(&mut self, id: ThreadId) -> Result<Vec<Message>> {
        let sql = format!(
            "select {} from message m join inbox i on i.inbox_id = m.inbox_id \
             where {{scope m}} and m.thread_id = $1 order by m.at, m.message_key",
            messages::COLUMNS
        );
        Ok(self.all(&sql, args![id], messages::read)?)
    }

    fn insert_thread(&mut self, row: &ThreadRow) -> Result<()> {
        let thread = &row.thread;
        let senders_fold: Vec<String> = thread.senders.iter().map(|name| fold(name)).collect();
        let recipients_fold: Vec<String> =
            thread.recipients.iter().map(|name| fold(name)).collect();
        self.put(
            "insert into thread (org_id, pod_id, inbox_id, thread_id, listed_at, at, received_at, sent_at, \
             hidden, labels, senders, recipients, senders_fold, recipients_fold, subject, subject_fold, preview, \
             last_message_id, message_count, attachment_count, size, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
             $21, $22, $23) -- unscoped: the row names its tenant",
            args![
                thread.org_id,
                thread.pod_id,
                row.inbox_key,
                thread.thread_id,
                row.listed_at,
                thread.at,
                thread.received_at,
                thread.sent_at,
                row.hidden,
                &thread.labels,
                to_json(&thread.senders)?,
                to_json(&thread.recipients)?,
                senders_fold.join("\n"),
                recipients_fold.join("\n"),
                thread.subject.as_deref(),
                fold(thread.subject.as_deref().unwrap_or_default()),
                thread.preview.as_deref(),
                &thread.last_message_id,
                thread.message_count,
                row.attachment_count,
                thread.size,
                thread.created_at,
                thread.updated_at,
            ],
        )?;
        self.index(row)
    }

    fn update_thread(&mut self, row: &ThreadRow, was_at: Timestamp, was: &Labels) -> Result<()> {
        let thread = &row.thread;
        let senders_fold: Vec<String> = thread.senders.iter().map(|name| fold(name)).collect();
        let recipients_fold: Vec<String> =
            thread.recipients.iter().map(|name| fold(name)).collect();
        self.put(
            "update thread set listed_at = $2, at = $3, received_at = $4, sent_at = $5, hidden = $6, \
             labels = $7, senders = $8, recipients = $9, senders_fold = $10, recipients_fold = $11, \
             preview = $12, last_message_id = $13, message_count = $14, attachment_count = $15, size = $16, \
             updated_at = $17, subject = $18, subject_fold = $19 where {scope} and thread_id = $1",
            args![
                thread.thread_id,
                row.listed_at,
                thread.at,
                thread.received_at,
                thread.sent_at,
                row.hidden,
                &thread.labels,
                to_json(&thread.senders)?,
                to_json(&thread.recipients)?,
                senders_fold.join("\n"),
                recipients_fold.join("\n"),
                thread.preview.as_deref(),
                &thread.last_message_id,
                thread.message_count,
                row.attachment_count,
                thread.size,
                thread.updated_at,
                thread.subject.as_deref(),
                fold(thread.subject.as_deref().unwrap_or_default()),
            ],
        )?;
        if row.listed_at == was_at && thread.labels == *was {
            return Ok(());
        }
        self.unindex(row, was_at, was)?;
        self.index(row)
    }

    fn index(&mut self, row: &ThreadRow) -> Result<()> {
        let thread = &row.thread;
        for label in indexed(&thread.labels) {
            self.put(
                "insert into thread_label (org_id, pod_id, inbox_id, thread_id, label, listed_at) \
                 values ($1, $2, $3, $4, $5, $6) -- unscoped: the row names its tenant",
                args![
                    thread.org_id,
                    thread.pod_id,
                    row.inbox_key,
                    thread.thread_id,
                    label,
                    row.listed_at,
                ],
            )?;
        }
        Ok(())
    }

    fn unindex(&mut self, row: &ThreadRow, listed_at: Timestamp, labels: &Labels) -> Result<()> {
        for label in indexed(labels) {
            self.put(
                "delete from thread_label where {scope} and inbox_id = $1 and label = $2 and listed_at = $3 \
                 and thread_id = $4",
                args![row.inbox_key, label, listed_at, row.thread.thread_id],
            )?;
        }
        Ok(())
    }
}

//! What the gate rests on: whom an inbox knows, what strangers wrote to it, and the policies.

use std::collections::BTreeSet;

use mail::{MessageId, Timestamp};
use model::message::{Attachment, Direction, Message, People};
use model::policy::{Level, Policy, Subject};
use model::taint::Taint;
use model::{ApiKeyId, DraftId, InboxKey, MessageKey, OrgId, PodId, Result, ThreadId};

use crate::access::Actor;
use crate::audit::NewAudit;
use crate::db::{DbError, Value, args};
use crate::lists::Governed;
use crate::padded;
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

/// Messages of a thread whose people count.
const MAX_IN_THREAD: i64 = 500;

/// Messages whose files are looked at.
const COMPARED: i64 = 2_000;

/// Ancestors by which a thread is found.
const MAX_ANCESTORS: usize = padded::SIZE;

/// A thread that has mail of strangers, of which something was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The thread.
    pub thread_id: ThreadId,
    /// Its pod.
    pub pod_id: PodId,
    /// Its inbox.
    pub inbox_key: InboxKey,
}

/// Somebody an inbox has written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The address, in the form of `Address::key`.
    pub address: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether the inbox once wrote by itself, not in answer to a stranger.
    pub trusted: bool,
}

/// Who is on one message of a thread.
#[derive(Clone, Debug)]
pub struct OnMessage {
    /// Which way it went.
    pub direction: Direction,
    /// Its author, as shown.
    pub from: String,
    /// Everybody else.
    pub people: People,
    /// Its public id.
    pub message_id: MessageId,
    /// Whether a stranger wrote it.
    pub is_of_stranger: bool,
}

/// Who last changed a draft, and what had tainted that key.
#[derive(Clone, Debug)]
pub struct DraftAuthor {
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Its taint at that time.
    pub taint: Taint,
}

impl View<'_> {
    /// Those of these threads that have mail of strangers, for a caller whom that taints: the holder
    /// of a key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn strangers_in(&mut self, threads: &[ThreadId]) -> Result<Vec<Shown>> {
        let mut found = Vec::new();
        if !matches!(self.access.actor(), Actor::Key(_)) {
            return Ok(found);
        }
        for some in threads.chunks(padded::SIZE) {
            let sql = format!(
                "select distinct thread_id, pod_id, inbox_id from stranger_mail \
                 where {{scope:org}} and thread_id in ({})",
                padded::marks(1)
            );
            let values: Vec<Value<'_>> = padded::values(some).collect();
            found.extend(self.all(&sql, &values, |row| {
                Ok(Shown {
                    thread_id: row.get(0)?,
                    pod_id: row.get(1)?,
                    inbox_key: row.get(2)?,
                })
            })?);
        }
        Ok(found)
    }

    /// The threads of mail of strangers that these entries of the log tell of, also of mail that was
    /// deleted since: the log has its words.
    ///
    /// # Errors
    /// When the store fails.
    pub fn strangers_in_events(&mut self, told: &[i64]) -> Result<Vec<Shown>> {
        let mut found = Vec::new();
        let marks = padded::marks(1);
        for some in told.chunks(padded::SIZE) {
            let sql = format!(
                "select s.thread_id, s.pod_id, s.inbox_id from event e \
                 join stranger_mail s on s.message_key = e.message_key \
                 where {{scope:org e}} and s.org_id = e.org_id and e.seq in ({marks}) \
                 union select s.thread_id, s.pod_id, s.inbox_id from event e \
                 join gone_stranger s on s.message_key = e.message_key \
                 where {{scope:org e}} and s.org_id = e.org_id and e.seq in ({marks})"
            );
            let values: Vec<Value<'_>> = padded::values(some).collect();
            found.extend(self.all(&sql, &values, |row| {
                Ok(Shown {
                    thread_id: row.get(0)?,
                    pod_id: row.get(1)?,
                    inbox_key: row.get(2)?,
                })
            })?);
        }
        Ok(found)
    }

    /// The public ids of mail of strangers in these threads, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn stranger_mail_of(&mut self, threads: &[ThreadId], limit: usize) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for some in threads.chunks(padded::SIZE) {
            if found.len() >= limit {
                break;
            }
            let sql = format!(
                "select m.message_id from stranger_mail s join message m on m.message_key = s.message_key \
                 where {{scope:org s}} and s.thread_id in ({}) order by s.message_key desc limit ${}",
                padded::marks(1),
                padded::SIZE + 1
            );
            let mut values: Vec<Value<'_>> = padded::values(some).collect();
            values.push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX)));
            found.extend(self.all(&sql, &values, |row| row.get::<String>(0))?);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Those of these addresses, in the form of `Address::key`, that an inbox has written to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn known_to(&mut self, inbox: InboxKey, addresses: &[String]) -> Result<Vec<Known>> {
        let mut found = Vec::new();
        for some in addresses.chunks(padded::SIZE) {
            let sql = format!(
                "select address, since, trusted from contact \
                 where {{scope}} and inbox_id = ${} and address in ({})",
                padded::SIZE + 1,
                padded::marks(1)
            );
            let mut values: Vec<Value<'_>> = (0..padded::SIZE)
                .filter_map(|n| some.get(n.min(some.len() - 1)))
                .map(Value::from)
                .collect();
            values.push(Value::from(inbox));
            found.extend(self.all(&sql, &values, |row| {
                Ok(Known {
                    address: row.get(0)?,
                    since: row.get(1)?,
                    trusted: row.get::<i64>(2)? != 0,
                })
            })?);
        }
        Ok(found)
    }

    /// Who is on the newest messages of a thread.
    ///
    /// # Errors
    /// When the store fails.
    pub fn people_of_thread(&mut self, thread: ThreadId) -> Result<Vec<OnMessage>> {
        Ok(self.all(
            "select m.direction, m.sender, m.people, m.message_id, \
             (select count(*) from stranger_mail s where s.org_id = m.org_id and s.thread_id = m.thread_id \
             and s.message_key = m.message_key) \
             from message m where {scope m} and m.thread_id = $1 order by m.at desc, m.message_key desc limit $2",
            args![thread, MAX_IN_THREAD],
            |row| {
                let sent = row.get::<i64>(0)? == 1;
                Ok(OnMessage {
                    direction: if sent {
                        Direction::Sent
                    } else {
                        Direction::Received
                    },
                    from: row.get(1)?,
                    people: from_json(row.text(2)?, 2)?,
                    message_id: row.get(3)?,
                    is_of_stranger: row.get::<i64>(4)? > 0,
                })
            },
        )?)
    }

    /// Files of one of these sizes in the newest messages of an inbox, outside one thread: the message,
    /// the part and its name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn files_of_sizes(
        &mut self,
        inbox: InboxKey,
        except: Option<ThreadId>,
        sizes: &BTreeSet<i64>,
    ) -> Result<Vec<(MessageKey, usize, String)>> {
        let rows = self.all(
            "select n.message_key, n.thread_id, n.attachments from (select message_key, thread_id, attachments \
             from message where {scope} and inbox_id = $1 order by at desc, message_key desc limit $2) n \
             where n.attachments is not null",
            args![inbox, COMPARED],
            |row| {
                let files: Vec<Attachment> = from_json(row.text(2)?, 2)?;
                Ok((row.get::<MessageKey>(0)?, row.get::<ThreadId>(1)?, files))
            },
        )?;
        let others = rows
            .into_iter()
            .filter(|(_, thread, _)| Some(*thread) != except);
        let each =
            others.flat_map(|(key, _, files)| files.into_iter().map(move |file| (key, file)));
        let alike = each.filter(|(_, file)| sizes.contains(&file.size));
        Ok(alike
            .map(|(key, file)| (key, file.part, file.filename.unwrap_or_default()))
            .collect())
    }

    /// The thread of the first of these messages that an inbox has.
    ///
    /// # Errors
    /// When the store fails.
    pub fn thread_of_any(
        &mut self,
        inbox: InboxKey,
        ids: &[MessageId],
    ) -> Result<Option<ThreadId>> {
        let ids = ids.get(..MAX_ANCESTORS).unwrap_or(ids);
        let Some(last) = ids.last() else {
            return Ok(None);
        };
        let sql = format!(
            "select message_id, thread_id from message where {{scope}} and inbox_id = ${} and message_id in ({})",
            padded::SIZE + 1,
            padded::marks(1)
        );
        let each = (0..padded::SIZE).map(|n| Value::from(ids.get(n).unwrap_or(last)));
        let mut values: Vec<Value<'_>> = each.collect();
        values.push(Value::from(inbox));
        let found = self.all(&sql, &values, |row| {
            Ok((row.get::<MessageId>(0)?, row.get::<ThreadId>(1)?))
        })?;
        let mut wanted = ids.iter();
        Ok(wanted.find_map(|id| {
            let own = found.iter().find(|(known, _)| known == id);
            own.map(|(_, thread)| *thread)
        }))
    }

    /// The policies of an inbox, its pod, its organisation and a key, as far as they have one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn policies_for(
        &mut self,
        inbox: Governed,
        key: Option<ApiKeyId>,
    ) -> Result<Vec<(Level, Policy)>> {
        let org = inbox.org_id;
        let subjects = [
            org.as_bytes().to_vec(),
            pod_subject(inbox.pod_id),
            inbox.inbox_key.as_bytes().to_vec(),
            key.map_or_else(|| org.as_bytes().to_vec(), |key| key.as_bytes().to_vec()),
        ];
        let [org, pod, inbox, key] = &subjects;
        Ok(self.all(
            "select level, body from policy where {scope:org} and subject in ($1, $2, $3, $4)",
            args![org, pod, inbox, key],
            |row| {
                let level = Level::parse(row.text(0)?).ok_or_else(|| DbError::shape(0))?;
                Ok((level, from_json(row.text(1)?, 1)?))
            },
        )?)
    }

    /// The policies that hold for a caller whatever it does: those of the organisation and of the key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn policies_of_caller(&mut self, key: ApiKeyId) -> Result<Vec<Policy>> {
        let org_id = self.access.org_id();
        Ok(self.all(
            "select body from policy where {scope:org} and subject in ($1, $2)",
            args![stored(org_id, Subject::Org), key],
            |row| from_json(row.text(0)?, 0),
        )?)
    }

    /// The policy of one subject, if it has one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn policy(&mut self, of: Subject) -> Result<Option<Policy>> {
        let org_id = self.access.org_id();
        Ok(self.first(
            "select body from policy where {scope:org} and subject = $1",
            args![stored(org_id, of)],
            |row| from_json(row.text(0)?, 0),
        )?)
    }

    /// Who last changed a draft.
    ///
    /// # Errors
    /// When the store fails.
    pub fn draft_author(&mut self, draft: DraftId) -> Result<Option<DraftAuthor>> {
        Ok(self.first(
            "select api_key_id, taint from draft_author where {scope} and draft_id = $1",
            args![draft],
            |row| {
                let taint: Option<String> = row.get(1)?;
                Ok(DraftAuthor {
                    api_key_id: row.get(0)?,
                    taint: taint
                        .map_or_else(|| Ok(Taint::default()), |text| from_json(&text, 1))?,
                })
            },
        )?)
    }
}

impl Txn<'_> {
    /// Remembers that a message is of a stranger, unless its proven author is an inbox of the
    /// organisation, or somebody the inbox has written to by itself.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_stranger(&mut self, message: &Message, proven: Option<&str>) -> Result<()> {
        let key = message.key;
        match proven {
            None => self.put(
                "insert into stranger_mail (org_id, pod_id, inbox_id, thread_id, message_key) \
                 select m.org_id, m.pod_id, m.inbox_id, m.thread_id, m.message_key from message m \
                 where {scope m} and m.message_key = $1",
                args![key],
            )?,
            Some(address) => self.put(
                "insert into stranger_mail (org_id, pod_id, inbox_id, thread_id, message_key) \
                 select m.org_id, m.pod_id, m.inbox_id, m.thread_id, m.message_key from message m \
                 where {scope m} and m.message_key = $1 \
                 and not exists (select 1 from contact c where c.org_id = m.org_id and c.pod_id = m.pod_id \
                 and c.inbox_id = m.inbox_id and c.address = $2 and c.trusted = 1) \
                 and not exists (select 1 from inbox i where i.org_id = m.org_id and i.address = $2)",
                args![key, address],
            )?,
        }
        Ok(())
    }

    /// Remembers whom an inbox writes to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_contacts(
        &mut self,
        inbox: Governed,
        addresses: &[String],
        trusted: bool,
    ) -> Result<()> {
        let now = self.now;
        for address in addresses {
            self.put(
                "insert into contact (org_id, pod_id, inbox_id, address, since, trusted) \
                 values ($1, $2, $3, $4, $5, $6) on conflict (inbox_id, address) \
                 do update set trusted = $6 where contact.trusted < $6 \
                 -- unscoped: the row names its tenant, whose inbox sends",
                args![
                    inbox.org_id,
                    inbox.pod_id,
                    inbox.inbox_key,
                    address,
                    now,
                    trusted
                ],
            )?;
        }
        Ok(())
    }

    /// Sets the policy of a subject within reach, or takes it away.
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_policy(&mut self, of: Subject, policy: Option<&Policy>) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let subject = stored(org_id, of);
        let state =
            |policy: Option<&Policy>| serde_json::to_value(policy).map_err(model::Error::internal);
        let before = self.policy(of)?;
        let target = match of {
            Subject::Org => format!("organization:{org_id}"),
            Subject::Pod(pod) => format!("pod:{pod}"),
            Subject::Inbox(_, inbox) => format!("inbox:{inbox}"),
            Subject::Key(key) => format!("key:{key}"),
        };
        let audit = NewAudit::new("policy.set", target).before(&state(before.as_ref())?);
        self.audit(audit.after(&state(policy)?));
        self.exec(
            "delete from policy where {scope:org} and subject = $1",
            args![&subject],
        )?;
        let Some(policy) = policy else {
            return Ok(());
        };
        let (pod, inbox) = match of {
            Subject::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
            Subject::Pod(pod) => (Some(pod), None),
            Subject::Org | Subject::Key(_) => (None, None),
        };
        self.exec(
            "insert into policy (org_id, subject, level, pod_id, inbox_id, body, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7) -- unscoped: the row names its tenant",
            args![
                org_id,
                &subject,
                of.level().name(),
                pod,
                inbox,
                to_json(policy)?,
                now
            ],
        )?;
        Ok(())
    }

    /// Writes down which key changed a draft, and what taints it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_draft_author(
        &mut self,
        pod: PodId,
        inbox: InboxKey,
        draft: DraftId,
        key: ApiKeyId,
        taint: &Taint,
    ) -> Result<()> {
        let org_id = self.access.org_id();
        let taint = (!taint.is_none()).then(|| to_json(taint)).transpose()?;
        self.exec(
            "insert into draft_author (org_id, pod_id, inbox_id, draft_id, api_key_id, taint) \
             values ($1, $2, $3, $4, $5, $6) on conflict (draft_id) do update set api_key_id = $5, taint = $6 \
             -- unscoped: the row repeats the tenant of its draft",
            args![org_id, pod, inbox, draft, key, taint],
        )?;
        Ok(())
    }
}

/// Whose policy it is, as stored.
fn stored(org: OrgId, of: Subject) -> Vec<u8> {
    match of {
        Subject::Org => org.as_bytes().to_vec(),
        Subject::Pod(pod) => pod_subject(pod),
        Subject::Inbox(_, inbox) => inbox.as_bytes().to_vec(),
        Subject::Key(key) => key.as_bytes().to_vec(),
    }
}

/// The default pod has the value of its organisation.
fn pod_subject(pod: PodId) -> Vec<u8> {
    [b"pod".as_slice(), pod.as_bytes()].concat()
}

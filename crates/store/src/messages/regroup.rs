//! Which thread a message belongs to, and what its arrival changes about the threads of others.
//!
//! The measure is `mail::thread::groups`, which looks at messages alone and not at the order in which
//! they came. Most mail begins a thread or answers a message that is there, and needs no measuring.
//! Where its arrival may join or divide threads, it is measured together with all messages of the
//! threads concerned, and those that belong elsewhere now are moved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mail::thread::{Exchange, Message as Threaded, Options, groups, subject_name};
use mail::{MessageId, Timestamp};
use model::message::People;
use model::{Error, Hidden, InboxKey, MessageKey, Result, ThreadId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filing::{Known, NewMessage};
use crate::db::{DbResult, Row, args};
use crate::inboxes::Route;
use crate::txn::Txn;
use crate::view::{from_json, to_json};

/// Messages that are measured at once. A larger conversation grows by the nearest ancestor alone.
const MOST: usize = 400;
/// Threads that are measured at once.
const MOST_THREADS: usize = 32;
/// Threads looked at for one subject: the newest.
const NEWEST: i64 = 16;

/// What is kept of a message to thread it, beside its own columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Clues {
    /// When it was written, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<i64>,
    /// The beginning of Thread-Index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    /// Thread-Topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
}

/// The column that [`Clues`] are kept in; nothing where there are none.
pub(super) fn clues(new: &NewMessage) -> Result<Option<String>> {
    let clues = clues_of(new);
    (clues != Clues::default())
        .then(|| to_json(&clues))
        .transpose()
}

/// A Date field further from the arrival than this says nothing.
const OFF: Duration = Duration::from_hours(24 * 30);

fn clues_of(new: &NewMessage) -> Clues {
    let apart = |date: Timestamp| date.since(new.at).max(new.at.since(date));
    let written = new.written_at.filter(|date| apart(*date) <= OFF);
    Clues {
        date: written.map(Timestamp::as_micros),
        index: new.exchange.as_ref().map(|one| one.index.clone()),
        topic: new.exchange.as_ref().map(|one| one.topic.clone()),
    }
}

/// By what other messages find the thread of this one, and this one theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// The subject, of every message whose subject is a name.
    subject: Option<Vec<u8>>,
    /// The subject, of an answer whose parent is not there.
    open: Option<Vec<u8>>,
    /// The Exchange conversation.
    exchange: Option<Vec<u8>>,
    /// Whether the subject says that it is an answer.
    answers: bool,
}

impl Hints {
    pub(super) fn of(new: &NewMessage) -> Self {
        let named = new.subject.as_deref().and_then(subject_name);
        let guid = new.exchange.as_ref().and_then(Exchange::conversation);
        let base = named.as_ref().map(|(base, _)| base.as_bytes());
        Self {
            subject: base.map(|base| hint(b's', base)),
            open: base.map(|base| hint(b'r', base)),
            exchange: guid.map(|guid| hint(b'x', &guid)),
            answers: named.is_some_and(|(_, answers)| answers),
        }
    }

    /// What every message is looked up by: two at most, or hints that nobody has.
    pub(super) fn looked_up(&self) -> [Vec<u8>; 2] {
        [&self.open, &self.exchange].map(|hint| hint.clone().unwrap_or_default())
    }
}

fn hint(kind: u8, value: &[u8]) -> Vec<u8> {
    let hash = blake3::hash(value);
    let beginning = hash.as_bytes().iter().take(15);
    std::iter::once(kind).chain(beginning.copied()).collect()
}

/// Where a message goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Placing {
    /// Its thread, unless it begins one.
    pub(super) thread: Option<ThreadId>,
    /// Threads that messages were moved out of or into: they must be made anew.
    pub(super) changed: BTreeSet<ThreadId>,
}

/// A message as it is measured.
pub(crate) struct Member {
    /// `None` for the one that is being filed.
    key: Option<MessageKey>,
    thread: Option<ThreadId>,
    at: Timestamp,
    hidden: Hidden,
    message_id: String,
    ancestors: Vec<String>,
    subject: String,
    people: Vec<String>,
    clues: Clues,
}

impl Member {
    fn of(new: &NewMessage, message_id: &MessageId) -> Self {
        let ancestors = new.ancestors.iter().rev();
        Self {
            key: None,
            thread: None,
            at: new.at,
            hidden: Hidden::NONE,
            message_id: message_id.as_str().to_owned(),
            ancestors: ancestors.map(|id| id.as_str().to_owned()).collect(),
            subject: new.subject.clone().unwrap_or_default(),
            people: people(&new.from, &new.people),
            clues: clues_of(new),
        }
    }

    fn is_hidden(&self) -> bool {
        self.hidden != Hidden::NONE
    }

    fn threaded<'a>(&'a self, own: &'a str) -> Threaded<'a> {
        let written = self.clues.date.map(Timestamp::from_micros);
        let people = std::iter::once(own).chain(self.people.iter().map(String::as_str));
        Threaded {
            date: Some(written.unwrap_or(self.at)),
            message_id: Some(&self.message_id),
            references: self.ancestors.iter().map(String::as_str).collect(),
            subject: &self.subject,
            people: people.collect(),
            thread_index: self.clues.index.as_deref(),
            thread_topic: self.clues.topic.as_deref(),
            ..Threaded::default()
        }
    }
}

fn member(row: &Row<'_>) -> DbResult<Member> {
    let parent: Option<String> = row.get(5)?;
    let references: Option<String> = row.get(6)?;
    let references = references.unwrap_or_default();
    let clues: Option<String> = row.get(10)?;
    let clues = clues.map(|text| from_json(&text, 10)).transpose()?;
    Ok(Member {
        key: Some(row.get(0)?),
        thread: Some(row.get(1)?),
        at: row.get(2)?,
        hidden: row.get(3)?,
        message_id: row.get(4)?,
        ancestors: references
            .lines()
            .map(str::to_owned)
            .chain(parent)
            .collect(),
        subject: row.get::<Option<String>>(7)?.unwrap_or_default(),
        people: people(row.text(8)?, &from_json::<People>(row.text(9)?, 9)?),
        clues: clues.unwrap_or_default(),
    })
}

/// The bare addresses of everybody in a message.
fn people(from: &str, people: &People) -> Vec<String> {
    let all = std::iter::once(from).chain(people.recipients());
    all.map(|shown| {
        let bare = shown.rsplit_once('<').map_or(shown, |(_, rest)| rest);
        bare.trim_end_matches('>').trim().to_owned()
    })
    .collect()
}

/// Messages that a late message has moved from one thread to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadMove {
    /// The thread they were in.
    pub from: ThreadId,
    /// The thread they are in.
    pub to: ThreadId,
    /// Whether nothing is left in the thread they were in, which is therefore gone.
    pub is_gone: bool,
    /// Their public ids, without those of hidden mail where others moved too.
    pub message_ids: Vec<String>,
    /// Why a reader without special rights must not see the move: of hidden mail alone.
    pub hidden: Hidden,
}

/// A message that belongs to another thread now.
struct Move {
    key: MessageKey,
    from: ThreadId,
    to: ThreadId,
}

impl Txn<'_> {
    /// The thread of a message, with others moved where its arrival changes their threads. What is
    /// hidden follows its nearest ancestor and moves nobody: a stranger who guesses ids must not join
    /// or divide conversations.
    pub(super) fn place_message(
        &mut self,
        new: &NewMessage,
        message_id: &MessageId,
        hidden: Hidden,
        known: &Known,
    ) -> Result<Placing> {
        if new.thread.is_some() {
            return Ok(Placing {
                thread: new.thread,
                ..Placing::default()
            });
        }
        let nearest = known.nearest(new);
        let simple = Placing {
            thread: nearest.or_else(|| known.of_children(new)),
            ..Placing::default()
        };
        if hidden != Hidden::NONE {
            return Ok(simple);
        }
        let mut concerned = known.concerned(new);
        let hints = Hints::of(new);
        if nearest.is_none()
            && hints.answers
            && let Some(subject) = &hints.subject
        {
            concerned.extend(self.hinted(new.inbox.inbox_key, subject)?);
        }
        let is_plain =
            known.holds_parent(new) && known.of_children(new).is_none() && concerned.len() == 1;
        if is_plain || concerned.is_empty() {
            return Ok(simple);
        }
        let measured = self.measure(new, message_id, &concerned, nearest)?;
        Ok(measured.unwrap_or(simple))
    }

    /// The newest threads with a hint.
    pub(crate) fn hinted(&mut self, inbox: InboxKey, hint: &[u8]) -> Result<Vec<ThreadId>> {
        Ok(self.all(
            "select thread_id from thread_hint where {scope} and inbox_id = $1 and hint = $2 \
             order by thread_id desc limit $3",
            args![inbox, hint, NEWEST],
            |row| row.get(0),
        )?)
    }

    /// Measures the message together with the threads concerned; `None` when they are too large.
    fn measure(
        &mut self,
        new: &NewMessage,
        message_id: &MessageId,
        concerned: &BTreeSet<ThreadId>,
        nearest: Option<ThreadId>,
    ) -> Result<Option<Placing>> {
        let newest = concerned.iter().rev().filter(|id| Some(**id) != nearest);
        let threads: Vec<ThreadId> = nearest
            .into_iter()
            .chain(newest.copied())
            .take(MOST_THREADS)
            .collect();
        let mut members = self.members(&threads)?;
        if members.len() > MOST {
            return Ok(None);
        }
        members.push(Member::of(new, message_id));
        let own = new.inbox.inbox_id.as_str();
        let (placing, moves) = divided(&members, own, new.new_thread);
        for one in &moves {
            self.exec(
                "update message set thread_id = $2 where {scope} and message_key = $1",
                args![one.key, one.to],
            )?;
            self.exec(
                "update stranger_mail set thread_id = $2 where {scope} and message_key = $1",
                args![one.key, one.to],
            )?;
        }
        let ways = ways(&members, &moves);
        for way in &ways {
            self.share_traces(&new.inbox, way.from, way.to)?;
            self.share_turns(way)?;
        }
        for way in ways.iter().filter(|way| way.is_gone) {
            self.end_turns(way.from, way.to)?;
        }
        self.moves.extend(ways);
        Ok(Some(placing))
    }

    pub(crate) fn members(&mut self, threads: &[ThreadId]) -> Result<Vec<Member>> {
        let mut members = Vec::new();
        // One after the other: an engine may read the whole inbox for a list of them.
        for thread in threads {
            let left = i64::try_from(MOST + 1 - members.len()).map_err(Error::internal)?;
            members.extend(self.all(
                "select message_key, thread_id, at, hidden, message_id, in_reply_to, refs, subject, sender, people, clues \
                 from message where {scope} and thread_id = $1 order by at, message_key limit $2",
                args![*thread, left],
                member,
            )?);
            if members.len() > MOST {
                break;
            }
        }
        Ok(members)
    }

    /// Gives a thread what leads to another one: more than its own messages left there, which costs a
    /// look and never a wrong answer.
    pub(crate) fn share_traces(
        &mut self,
        inbox: &Route,
        from: ThreadId,
        to: ThreadId,
    ) -> Result<()> {
        self.exec(
            "insert into thread_ref (org_id, pod_id, inbox_id, message_id, thread_id) \
             select org_id, pod_id, inbox_id, message_id, $2 from thread_ref where {scope} and thread_id = $1 \
             on conflict (inbox_id, message_id, thread_id) do nothing",
            args![from, to],
        )?;
        self.exec(
            "insert into thread_hint (org_id, pod_id, inbox_id, hint, thread_id) \
             select org_id, pod_id, inbox_id, hint, $2 from thread_hint where {scope} and thread_id = $1 \
             on conflict (inbox_id, hint, thread_id) do nothing",
            args![from, to],
        )?;
        // Who was shown a stranger's mail in the one was shown what is in the other now.
        self.exec(
            "insert into taint (org_id, pod_id, inbox_id, api_key_id, thread_id, since, wide_until, until_at) \
             select org_id, pod_id, inbox_id, api_key_id, $2, since, wide_until, until_at from taint \
             where {scope} and pod_id = $3 and inbox_id = $4 and thread_id = $1 \
             on conflict (org_id, api_key_id, thread_id) do update set \
             wide_until = case when excluded.wide_until > taint.wide_until then excluded.wide_until \
             else taint.wide_until end, \
             until_at = case when excluded.until_at > taint.until_at then excluded.until_at else taint.until_at end",
            args![from, to, inbox.pod_id, inbox.inbox_key],
        )?;
        self.exec(
            "insert into unkeyed_taint (org_id, pod_id, inbox_id, thread_id, since, wide_until, until_at) \
             select org_id, pod_id, inbox_id, $2, since, wide_until, until_at from unkeyed_taint \
             where {scope} and pod_id = $3 and inbox_id = $4 and thread_id = $1 \
             on conflict (org_id, thread_id) do update set \
             wide_until = case when excluded.wide_until > unkeyed_taint.wide_until then excluded.wide_until \
             else unkeyed_taint.wide_until end, \
             until_at = case when excluded.until_at > unkeyed_taint.until_at then excluded.until_at \
             else unkeyed_taint.until_at end",
            args![from, to, inbox.pod_id, inbox.inbox_key],
        )?;
        Ok(())
    }

    /// Leaves traces by which later mail finds the thread of a message just filed. `joined` is the
    /// subject of the thread it joined.
    pub(super) fn leave_hints(
        &mut self,
        new: &NewMessage,
        thread: ThreadId,
        known: &Known,
        joined: Option<&str>,
    ) -> Result<()> {
        let hints = Hints::of(new);
        let open = hints
            .open
            .filter(|_| hints.answers && !known.holds_parent(new));
        // Who answers under the subject of the thread adds nothing to what its beginning has left.
        let left = joined.and_then(subject_name);
        let left = left.map(|(base, _)| hint(b's', base.as_bytes()));
        let subject = hints.subject.filter(|own| left.as_ref() != Some(own));
        for hint in [subject, open, hints.exchange].into_iter().flatten() {
            self.put(
                "insert into thread_hint (org_id, pod_id, inbox_id, hint, thread_id) values ($1, $2, $3, $4, $5) \
                 on conflict (inbox_id, hint, thread_id) do nothing -- unscoped: the row names its tenant",
                args![new.inbox.org_id, new.inbox.pod_id, new.inbox.inbox_key, hint, thread],
            )?;
        }
        Ok(())
    }
}

/// Divides the members, the last of which is being filed, into conversations, and says who moves.
///
/// A thread goes on as the conversation that its first message is in; of threads that become one the
/// oldest stays. Hidden messages move with their thread, and count only where nothing else is in it.
fn divided(members: &[Member], own: &str, fresh: ThreadId) -> (Placing, Vec<Move>) {
    let shown: BTreeSet<ThreadId> = members
        .iter()
        .filter(|member| !member.is_hidden())
        .filter_map(|member| member.thread)
        .collect();
    let counted: Vec<&Member> = members
        .iter()
        .filter(|one| !one.is_hidden() || one.thread.is_none_or(|thread| !shown.contains(&thread)))
        .collect();
    let messages: Vec<Threaded<'_>> = counted.iter().map(|one| one.threaded(own)).collect();
    let groups = groups(&messages, &Options::default());
    let mut group_of = vec![0; counted.len()];
    for (number, group) in groups.iter().enumerate() {
        for at in group {
            if let Some(slot) = group_of.get_mut(*at) {
                *slot = number;
            }
        }
    }
    // The conversation as which each thread goes on.
    let mut first: BTreeMap<ThreadId, (Timestamp, Option<MessageKey>, usize)> = BTreeMap::new();
    for (&member, group) in counted.iter().zip(&group_of) {
        if let Some(thread) = member.thread {
            let here = (member.at, member.key, *group);
            let known = first.entry(thread).or_insert(here);
            *known = (*known).min(here);
        }
    }
    let mut kept: BTreeMap<usize, ThreadId> = BTreeMap::new();
    for (thread, (_, _, group)) in &first {
        kept.entry(*group).or_insert(*thread);
    }
    let filed = group_of.last().copied().unwrap_or_default();
    let target = |group: usize| {
        let begun = || {
            let first = groups.get(group).and_then(|group| group.first());
            let first = first
                .and_then(|at| counted.get(*at))
                .and_then(|one| one.key);
            apart(fresh, first)
        };
        match kept.get(&group) {
            Some(thread) => *thread,
            None if group == filed => fresh,
            None => begun(),
        }
    };
    let targets: BTreeMap<usize, ThreadId> = (0..groups.len())
        .map(|group| (group, target(group)))
        .collect();
    let target_of = |group: usize| targets.get(&group).copied();
    let mut moves = Vec::new();
    let mut add = |member: &Member, to: Option<ThreadId>| {
        if let (Some(key), Some(from), Some(to)) = (member.key, member.thread, to)
            && from != to
        {
            moves.push(Move { key, from, to });
        }
    };
    for (&member, group) in counted.iter().zip(&group_of) {
        add(member, target_of(*group));
    }
    for member in members.iter().filter(|one| one.is_hidden()) {
        let thread = member.thread.filter(|thread| shown.contains(thread));
        if let Some((_, _, group)) = thread.and_then(|thread| first.get(&thread)) {
            add(member, target_of(*group));
        }
    }
    let alone = groups.get(filed).is_none_or(|group| group.len() == 1);
    let changed = moves.iter().flat_map(|one| [one.from, one.to]).collect();
    let thread = target_of(filed).filter(|_| !alone);
    (Placing { thread, changed }, moves)
}

/// The moves by where they lead from and to. `members` are all messages of the threads they are of.
fn ways(members: &[Member], moves: &[Move]) -> Vec<ThreadMove> {
    let moved: BTreeMap<MessageKey, &Move> = moves.iter().map(|one| (one.key, one)).collect();
    let mut left: BTreeSet<ThreadId> = BTreeSet::new();
    let mut ways: BTreeMap<(ThreadId, ThreadId), Vec<&Member>> = BTreeMap::new();
    for member in members {
        match member.key.and_then(|key| moved.get(&key)) {
            Some(one) => ways.entry((one.from, one.to)).or_default().push(member),
            None => left.extend(member.thread),
        }
    }
    let way = |((from, to), members): ((ThreadId, ThreadId), Vec<&Member>)| {
        let is_hidden = members.iter().all(|one| one.is_hidden());
        let hidden = members.iter().map(|one| one.hidden);
        let told = members.iter().filter(|one| is_hidden || !one.is_hidden());
        ThreadMove {
            from,
            to,
            is_gone: !left.contains(&from),
            message_ids: told.map(|one| one.message_id.clone()).collect(),
            hidden: hidden
                .filter(|_| is_hidden)
                .fold(Hidden::NONE, Hidden::with),
        }
    };
    ways.into_iter().map(way).collect()
}

/// An id for a thread that is divided off: nobody else's, and the same when the transaction runs
/// again.
fn apart(fresh: ThreadId, first: Option<MessageKey>) -> ThreadId {
    let mut hash = blake3::Hasher::new();
    hash.update(fresh.as_bytes());
    if let Some(first) = &first {
        hash.update(first.as_bytes());
    }
    let mut bytes = [0; 16];
    hash.finalize_xof().fill(&mut bytes);
    ThreadId::new(Uuid::from_bytes(bytes))
}

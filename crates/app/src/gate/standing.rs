//! What is known of an inbox, of who asks and of the people, read before the gate decides.

use std::collections::BTreeSet;

use mail::{Address, Mailbox, MessageId};
use model::inbox::Inbox;
use model::message::Direction;
use model::policy::{Effective, Rule, Switch};
use model::taint::Taint;
use model::{ApiKeyId, DraftId, Result, ThreadId};
use store::{Actor, Governed, Grant, Known, OnMessage, View};

use crate::{App, Tainting};

/// Threads whose people are looked up.
const FOLLOWED: usize = 20;

/// Messages named as those that tainted a key.
const NAMED: usize = 5;

/// What the rules rest on beside the message itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// What the policies say together.
    pub(crate) policy: Effective,
    /// The key that asks; of what leaves by itself, the one that wrote it.
    pub(crate) asked_by: Option<ApiKeyId>,
    /// What taints it, as far as that counts.
    pub(crate) taint: Taint,
    /// Mail of strangers that it was shown, by the public ids.
    pub(crate) tainted_by: Vec<String>,
    /// The thread the message joins, where it joins one.
    pub(crate) thread: Option<ThreadId>,
    /// The people in that thread, in the form of `Address::key`. Read only where somebody asks.
    pub(crate) in_thread: BTreeSet<String>,
    /// The people in the threads that taint the key, as far as the caller reaches them, likewise.
    pub(crate) met: BTreeSet<String>,
    /// Those of the recipients that the inbox has written to, likewise.
    pub(crate) known: Vec<Known>,
    /// Those of the recipients that an allow entry of the send lists covers, likewise.
    pub(crate) allowed: BTreeSet<String>,
    /// Names of attachments that are from other threads, likewise.
    pub(crate) foreign_files: Vec<String>,
}

/// What a departure asks about.
pub(crate) struct Question<'a> {
    pub(crate) inbox: &'a Inbox,
    pub(crate) recipients: &'a [Mailbox],
    pub(crate) reply_to: &'a [Mailbox],
    pub(crate) thread: Option<ThreadId>,
    /// The ancestors by which the thread is found where it is not known.
    pub(crate) ancestors: &'a [MessageId],
    /// The draft it comes from.
    pub(crate) draft: Option<DraftId>,
}

impl Standing {
    /// Whether somebody with the right to allow has thought of this address.
    pub(crate) fn is_allowed(&self, address: &Address) -> bool {
        self.allowed.contains(&address.key()) || self.policy.names(address)
    }

    /// Whether the message leaves without taint, so that whom it goes to counts as chosen freely.
    pub(crate) fn is_free(&self) -> bool {
        self.taint.since(self.thread).is_none()
    }
}

impl App {
    /// Reads what the gate needs.
    pub(crate) async fn standing<P>(
        &self,
        grant: &Grant<P>,
        asked: Question<'_>,
    ) -> Result<Standing> {
        let governed = Governed {
            org_id: grant.access().org_id(),
            pod_id: asked.inbox.pod_id,
            inbox_key: asked.inbox.key,
        };
        let people = asked.recipients.iter().chain(asked.reply_to);
        let people: Vec<Address> = people.map(|one| one.address.clone()).collect();
        let (thread, draft, ancestors) = (asked.thread, asked.draft, asked.ancestors.to_vec());
        let mode = self.settings().gate.tainting;
        let read = move |view: &mut View<'_>| {
            let mut standing = Standing {
                thread,
                ..Standing::default()
            };
            if standing.thread.is_none() {
                standing.thread = view.thread_of_any(governed.inbox_key, &ancestors)?;
            }
            let mut taint = who(view, draft, &mut standing)?;
            let policies = view.policies_for(governed, standing.asked_by)?;
            standing.policy = Effective::of(policies.iter().map(|(_, policy)| policy));
            if mode == Tainting::Off || standing.policy.taint == Some(Switch::Off) {
                taint = Taint::default();
            }
            standing.taint = taint;
            if standing.taint.is_none() && standing.policy.new_recipients == Rule::Allow {
                return Ok(standing);
            }
            if let Some(thread) = standing.thread {
                standing.in_thread = counted(&view.people_of_thread(thread)?);
            }
            // Whoever can be answered there can as well be written to here. Mostly all are in the thread.
            let beyond = people
                .iter()
                .any(|one| !standing.in_thread.contains(&one.key()));
            let tainting = standing.taint.threads.iter().map(|(thread, _)| *thread);
            for thread in tainting.take(FOLLOWED).filter(|_| beyond) {
                standing
                    .met
                    .extend(counted(&view.people_of_thread(thread)?));
            }
            let keys: Vec<String> = people.iter().map(Address::key).collect();
            standing.known = view.known_to(governed.inbox_key, &keys)?;
            standing.allowed = view
                .allowed_recipients(governed, &people)?
                .into_iter()
                .collect();
            let threads: Vec<ThreadId> =
                standing.taint.threads.iter().map(|(one, _)| *one).collect();
            standing.tainted_by = view.stranger_mail_of(&threads, NAMED)?;
            Ok(standing)
        };
        self.store().read(grant, read).await
    }
}

/// Who asks, and what taints them: a key with what it was shown, and a draft with what had tainted
/// the key that wrote it. A draft that another key sends is that key's own decision.
fn who(view: &mut View<'_>, draft: Option<DraftId>, standing: &mut Standing) -> Result<Taint> {
    let author = match draft {
        Some(draft) => view.draft_author(draft)?,
        None => None,
    };
    let Actor::Key(key) = view.access().actor() else {
        standing.asked_by = author.as_ref().map(|author| author.api_key_id);
        return Ok(author.map(|author| author.taint).unwrap_or_default());
    };
    standing.asked_by = Some(key);
    let own = view.own_taint(standing.thread)?;
    Ok(match author {
        Some(author) if author.api_key_id == key => own.and(author.taint),
        _ => own,
    })
}

/// The people of a thread that count. What a stranger adds to a conversation that others began does
/// not: whoever can write into a thread could otherwise choose who is answered.
fn counted(messages: &[OnMessage]) -> BTreeSet<String> {
    // The oldest comes last.
    let began_with_stranger = messages.last().is_some_and(|first| first.is_of_stranger);
    let mut people = BTreeSet::new();
    for message in messages {
        if message.is_of_stranger && !began_with_stranger {
            continue;
        }
        let from = (message.direction == Direction::Received).then_some(message.from.as_str());
        let answers = message.people.reply_to.iter().map(String::as_str);
        for name in from
            .into_iter()
            .chain(answers)
            .chain(message.people.recipients())
        {
            if let Ok(mailbox) = Mailbox::parse(name) {
                people.insert(mailbox.address.key());
            }
        }
    }
    people
}

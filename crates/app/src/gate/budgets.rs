//! How often an inbox may answer whoever answers it, before a person has to look.
//!
//! Counted are turns that no person approved: departures that follow something from the other side. A
//! budget that is used up pauses the thread: nothing leaves in it, everything arrives, and an event
//! says why. The pause ends by itself, or by whoever may end it; the next one is twice as long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mail::{Mailbox, Timestamp};
use model::inbox::Inbox;
use model::policy::Effective;
use model::{Code, Error, EventKind, Hidden, Result, ThreadId, perm};
use serde_json::json;
use store::{Grant, NewEvent, ThreadPause, TurnOf, Txn};

use crate::App;

/// The time in which turns are counted.
pub(crate) const WINDOW: Duration = store::TURN_WINDOW;

/// How long the first pause is.
const FIRST_PAUSE: Duration = Duration::from_secs(3_600);

/// How long a pause is at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3_600);

/// Recipients whose turns are counted: what goes to more is no conversation of two.
const MOST_PEERS: usize = 10;

/// What the operator decides about loops; 0 is without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopLimits {
    /// Turns in one thread in an hour.
    pub per_thread: u32,
    /// Turns with one address in an hour.
    pub per_peer: u32,
    /// Turns of two inboxes of one organisation, both counted, in an hour.
    pub per_pair: u32,
    /// Answers of machines in a row.
    pub in_a_row: u32,
}

impl LoopLimits {
    /// Without any limit.
    pub const OFF: Self = Self {
        per_thread: 0,
        per_peer: 0,
        per_pair: 0,
        in_a_row: 0,
    };
}

impl LoopLimits {
    /// With what the policies say, which can only tighten.
    pub(crate) fn within(self, policy: &Effective) -> Self {
        let fewest = |own: u32, more: Option<u32>| match (own, more) {
            (0, Some(more)) => more,
            (own, Some(more)) => own.min(more),
            (own, None) => own,
        };
        Self {
            per_thread: fewest(self.per_thread, policy.turns_per_thread),
            per_peer: fewest(self.per_peer, policy.turns_per_peer),
            per_pair: fewest(self.per_pair, policy.turns_per_pair),
            in_a_row: self.in_a_row,
        }
    }
}

impl Default for LoopLimits {
    fn default() -> Self {
        Self {
            per_thread: 10,
            per_peer: 10,
            per_pair: 10,
            in_a_row: 10,
        }
    }
}

/// A departure as the budgets see it.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// The address of the inbox.
    own: String,
    /// Everybody it goes to.
    peers: Vec<String>,
    /// Whether a person approved it, or somebody may go on where a loop was found.
    free: bool,
}

/// A budget that is used up.
#[derive(Clone, Debug)]
struct UsedUp {
    budget: &'static str,
    most: u32,
    peer: Option<String>,
    /// The thread to pause.
    thread: ThreadId,
    /// When its window is over.
    until: Timestamp,
}

/// Where the transaction of a departure leaves why it did not happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overdrawn(Arc<Mutex<Option<UsedUp>>>);

impl Turn {
    /// Of a departure of `inbox` to `recipients`.
    pub(crate) fn new(inbox: &Inbox, recipients: &[Mailbox], free: bool) -> Self {
        let peers = recipients.iter().take(MOST_PEERS);
        let mut peers: Vec<String> = peers.map(|to| to.address.key()).collect();
        let own = inbox.inbox_id.as_str().to_lowercase();
        peers.retain(|peer| *peer != own);
        if recipients.len() > MOST_PEERS {
            peers.clear();
        }
        peers.sort_unstable();
        Self { own, peers, free }
    }

    /// Counts it, in the transaction of the departure and after the message was filed in `thread`,
    /// which holds the inbox. `begins`: whether it is the first message there.
    ///
    /// # Errors
    /// `thread_paused`.
    pub(crate) fn take(
        &self,
        txn: &mut Txn<'_>,
        limits: &LoopLimits,
        (thread, begins): (ThreadId, bool),
        overdrawn: &Overdrawn,
    ) -> Result<()> {
        if self.free {
            return Ok(());
        }
        if !begins
            && let Some(pause) = txn.thread_pause(thread)?
            && pause.until > txn.now()
        {
            return Err(paused(&pause, txn.now()));
        }
        let used_up = self.count(txn, limits, thread)?;
        let Some(used_up) = used_up else {
            return Ok(());
        };
        overdrawn.set(used_up);
        Err(Error::new(Code::ThreadPaused, "A budget is used up"))
    }

    fn count(
        &self,
        txn: &mut Txn<'_>,
        limits: &LoopLimits,
        thread: ThreadId,
    ) -> Result<Option<UsedUp>> {
        let over = |count: i64, most: u32| most > 0 && count > i64::from(most);
        let used_up = |budget, most, peer: Option<&String>, since: Timestamp| UsedUp {
            budget,
            most,
            peer: peer.cloned(),
            thread,
            until: since.plus(WINDOW),
        };
        if limits.per_thread > 0 {
            let counted = txn.take_turn(&TurnOf::Thread(thread), thread, WINDOW)?;
            if over(counted.turns, limits.per_thread) {
                let most = limits.per_thread;
                return Ok(Some(used_up("thread", most, None, counted.since)));
            }
        }
        if limits.per_peer == 0 && limits.per_pair == 0 {
            return Ok(None);
        }
        for peer in &self.peers {
            let of = TurnOf::Peer(self.own.clone(), peer.clone());
            let before = txn.turns(&of)?;
            let counted = txn.take_turn(&of, thread, WINDOW)?;
            let at = before.map_or(thread, |before| before.thread_id);
            if over(counted.turns, limits.per_peer) {
                let found = used_up("peer", limits.per_peer, Some(peer), counted.since);
                return Ok(Some(UsedUp {
                    thread: at,
                    ..found
                }));
            }
            // What is not answered is no conversation, and most mail is not.
            if limits.per_pair == 0 || counted.turns < 2 {
                continue;
            }
            let start = txn.now().minus(WINDOW);
            let theirs = of
                .mirrored()
                .map(|of| txn.turns(&of))
                .transpose()?
                .flatten();
            let theirs = theirs.filter(|theirs| theirs.since > start);
            let both = theirs.map_or(0, |theirs| theirs.turns) + counted.turns;
            if theirs.is_some() && over(both, limits.per_pair) {
                let found = used_up("pair", limits.per_pair, Some(peer), counted.since);
                return Ok(Some(UsedUp {
                    thread: at,
                    ..found
                }));
            }
        }
        Ok(None)
    }
}

impl Overdrawn {
    fn set(&self, found: UsedUp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }

    fn take(&self) -> Option<UsedUp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl App {
    /// Pauses the thread whose budget kept a departure from happening, and gives what its caller is
    /// told. Any other error stays as it is.
    pub(crate) async fn pause_overdrawn<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        error: Error,
        overdrawn: &Overdrawn,
    ) -> Error {
        let found = overdrawn.take();
        let Some(found) = found.filter(|_| error.code() == Code::ThreadPaused) else {
            return error;
        };
        match self.pause_for(grant, inbox, &found).await {
            Ok(pause) => refusal(&found, &pause, self.now()),
            Err(error) => error,
        }
    }

    /// Pauses a thread in which machines have answered one another too often; gives what the caller
    /// is told.
    pub(crate) async fn pause_loop<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        error: Error,
        thread: Option<ThreadId>,
    ) -> Error {
        let Some(thread) = thread.filter(|_| error.code() == Code::LoopDetected) else {
            return error;
        };
        let found = UsedUp {
            budget: "answers",
            most: self.settings().loop_limits.in_a_row,
            peer: None,
            thread,
            until: self.now(),
        };
        match self.pause_for(grant, inbox, &found).await {
            Ok(_) => error,
            Err(error) => error,
        }
    }

    async fn pause_for<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        found: &UsedUp,
    ) -> Result<ThreadPause> {
        let pause = ThreadPause {
            thread_id: found.thread,
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
            budget: found.budget.to_owned(),
            peer: found.peer.clone(),
            pauses: 1,
            since: self.now(),
            until: self.now(),
        };
        let (random, address) = (self.env().ids.random().as_u128(), inbox.inbox_id.clone());
        let most = found.most;
        let written = self.store().write(grant, move |txn| {
            let (pause, new) = txn.pause_thread(pause.clone(), FIRST_PAUSE, LONGEST_PAUSE)?;
            if new {
                let mut told = told(txn, &pause, address.as_str());
                told["limit"] = json!(most);
                told["reason"] = json!(reason(&pause.budget, most, pause.peer.as_deref()));
                txn.emit(event(EventKind::ThreadPaused, &pause, &told, random));
            }
            Ok(pause)
        });
        let pause = written.await?;
        tracing::info!(
            thread = %pause.thread_id, budget = found.budget, until = %pause.until,
            "a thread is paused"
        );
        Ok(pause)
    }

    /// Ends the pause of a thread.
    ///
    /// # Errors
    /// `not_found`, or `conflict` when it does not pause.
    pub async fn resume_thread(
        &self,
        grant: &Grant<perm::SendingResume>,
        id: ThreadId,
    ) -> Result<wire::ThreadPause> {
        let random = self.env().ids.random().as_u128();
        let resumed = self.store().write(grant, move |txn| {
            let thread = txn.thread(None, id)?;
            let pause = txn.resume_thread(id)?;
            let told = told(txn, &pause, thread.inbox_id.as_str());
            txn.emit(event(EventKind::ThreadResumed, &pause, &told, random));
            Ok(pause)
        });
        let pause = resumed.await?;
        Ok(shown(id, Some(pause), self.now()))
    }

    /// Whether a thread is paused, and why.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn thread_pause(
        &self,
        grant: &Grant<perm::MessageRead>,
        id: ThreadId,
    ) -> Result<wire::ThreadPause> {
        let found = self.store().read(grant, move |view| {
            view.thread(None, id)?;
            view.thread_pause(id)
        });
        let pause = found.await?;
        Ok(shown(id, pause, self.now()))
    }
}

fn shown(id: ThreadId, pause: Option<ThreadPause>, now: Timestamp) -> wire::ThreadPause {
    let pause = pause.filter(|pause| pause.until > now);
    wire::ThreadPause {
        thread_id: id.to_string(),
        paused: pause.is_some(),
        budget: pause.as_ref().map(|pause| pause.budget.clone()),
        peer: pause.as_ref().and_then(|pause| pause.peer.clone()),
        paused_at: pause.as_ref().map(|pause| pause.since.to_string()),
        resumes_at: pause.as_ref().map(|pause| pause.until.to_string()),
    }
}

fn told(txn: &Txn<'_>, pause: &ThreadPause, inbox: &str) -> serde_json::Value {
    let mut told = json!({
        "organization_id": txn.access().org_id().to_string(),
        "pod_id": pause.pod_id.to_string(),
        "inbox_id": inbox,
        "thread_id": pause.thread_id.to_string(),
        "timestamp": txn.now().to_string(),
        "budget": pause.budget,
        "paused_at": pause.since.to_string(),
        "resumes_at": pause.until.to_string(),
    });
    if let Some(peer) = &pause.peer {
        told["peer"] = json!(peer);
    }
    told
}

fn event(kind: EventKind, pause: &ThreadPause, told: &serde_json::Value, random: u128) -> NewEvent {
    NewEvent {
        kind,
        pod_id: Some(pause.pod_id),
        inbox_key: Some(pause.inbox_key),
        message_key: None,
        hidden: Hidden::NONE,
        payload: format!("\"pause\":{told}"),
        tail: None,
        random,
    }
}

fn reason(budget: &str, most: u32, peer: Option<&str>) -> String {
    let with = match (budget, peer) {
        ("peer", Some(peer)) => format!("with {peer}"),
        ("answers", _) => {
            return format!("Machines have answered one another {most} times in a row");
        }
        ("pair", Some(peer)) => format!("with {peer}, both sides counted"),
        _ => "in this thread".to_owned(),
    };
    format!("More than {most} turns within an hour {with}, and no person approved them")
}

fn fix() -> &'static str {
    "Wait as long as Retry-After says. To go on at once a person can send a draft with another key, or \
     a key that has sending_resume can resume the thread. What arrives is kept meanwhile."
}

fn paused(pause: &ThreadPause, now: Timestamp) -> Error {
    let detail = format!(
        "The thread is paused until {}: its budget ({}) is used up",
        pause.until, pause.budget
    );
    Error::new(Code::ThreadPaused, detail)
        .retry_after(pause.until.since(now))
        .fix(fix())
}

fn refusal(found: &UsedUp, pause: &ThreadPause, now: Timestamp) -> Error {
    let detail = format!(
        "{}; the thread {} is paused until {}",
        reason(found.budget, found.most, found.peer.as_deref()),
        pause.thread_id,
        pause.until
    );
    let until = match found.budget {
        "thread" => pause.until,
        // Elsewhere the peer can be written to when its window is over.
        _ => found.until.max(now),
    };
    Error::new(Code::ThreadPaused, detail)
        .retry_after(until.since(now))
        .fix(fix())
}

//! What reading does to a key: showing it mail of strangers taints it for a time. What is handed such
//! mail without a key, a webhook or the reader of a polling webhook, taints every key that reaches the
//! inbox: whoever is behind it acts with one of those.
//!
//! A taint is stored before the answer is shown, so that no crash loses it. What is known to be
//! stored is also kept in memory, so that a reader of one thread writes once and not at each look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail::Timestamp;
use model::draft::Draft;
use model::gate::Finding;
use model::policy::{Effective, Switch};
use model::{ApiKeyId, Permission, Result, ThreadId};
use store::{Access, Actor, Grant, Reason, Shown, Txn, View};

use super::refused;
use crate::App;

/// Taints kept in memory at most; when there are more, all are looked up again.
const MOST: usize = 65_536;

/// Whose mail taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tainting {
    /// That of everybody the inbox has never written to by itself, proven or not, and all that is not
    /// proven or that the screen flagged.
    Strangers,
    /// Only what is not proven or that the screen flagged.
    Unproven,
    /// Nobody's.
    Off,
}

/// What the operator chose about the gate.
#[derive(Clone, Debug)]
pub struct GateSettings {
    /// Whose mail taints.
    pub tainting: Tainting,
    /// Whether what has no key, webhooks and polling tokens, taints whoever may read the inbox.
    pub taint_unkeyed: bool,
    /// How long a key that was shown such mail is tainted in its thread.
    pub taint_thread: Duration,
    /// How long it is in all else it does.
    pub taint_key: Duration,
    /// After how long what nobody decides about is declined.
    pub approval_expiry: Duration,
}

impl GateSettings {
    /// Whether what is handed out without a key taints whoever may read it.
    pub(crate) fn taints_readers(&self) -> bool {
        self.taint_unkeyed && self.tainting != Tainting::Off
    }
}

impl Default for GateSettings {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            tainting: Tainting::Strangers,
            taint_unkeyed: true,
            taint_thread: HOUR * 24,
            taint_key: HOUR,
            approval_expiry: HOUR * 24 * 7,
        }
    }
}

/// Whom a showing taints.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whom {
    /// The holder of this key.
    Key(ApiKeyId),
    /// Everybody whose key reaches the inbox.
    Readers,
}

/// The taints that are known to be stored, with their ends.
#[derive(Default)]
pub(crate) struct Tainted(Mutex<HashMap<(Whom, ThreadId), Timestamp>>);

impl Tainted {
    /// Those of `shown` that must be stored: not known, or half over.
    fn missing(&self, whom: Whom, shown: Vec<Shown>, now: Timestamp, half: Duration) -> Vec<Shown> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |one: &Shown| {
            let end = known.get(&(whom, one.thread_id));
            end.is_some_and(|end| *end > now.plus(half))
        };
        shown.into_iter().filter(|one| !fresh(one)).collect()
    }

    fn remember(&self, whom: Whom, shown: &[Shown], until: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + shown.len() > MOST {
            known.clear();
        }
        for one in shown {
            known.insert((whom, one.thread_id), until);
        }
    }
}

impl App {
    /// Taints the holder of a key that is about to be shown something of these threads. Returns when
    /// that is stored.
    ///
    /// # Errors
    /// When the store fails; then nothing may be shown.
    pub(crate) async fn taint<P>(&self, grant: &Grant<P>, shown: Vec<Shown>) -> Result<()> {
        match grant.access().actor() {
            Actor::Key(key) => self.store_taint(grant, Whom::Key(key), shown).await,
            Actor::System(_) => Ok(()),
        }
    }

    /// Taints whoever may read these threads, because something without a key is about to be handed
    /// mail of them. Returns when that is stored.
    ///
    /// # Errors
    /// When the store fails; then nothing may be handed out.
    pub(crate) async fn taint_readers<P>(
        &self,
        grant: &Grant<P>,
        handed: Vec<Shown>,
    ) -> Result<()> {
        if !self.settings().gate.taints_readers() {
            return Ok(());
        }
        self.store_taint(grant, Whom::Readers, handed).await
    }

    async fn store_taint<P>(
        &self,
        grant: &Grant<P>,
        whom: Whom,
        mut shown: Vec<Shown>,
    ) -> Result<()> {
        let settings = &self.settings().gate;
        if shown.is_empty() || settings.tainting == Tainting::Off {
            return Ok(());
        }
        // In one order, so that two that write the same rows wait for each other in turn.
        shown.sort_unstable_by_key(|one| *one.thread_id.as_bytes());
        shown.dedup();
        let now = self.now();
        // The shorter of the two is what runs out first.
        let half = settings.taint_key.min(settings.taint_thread) / 2;
        let missing = self.0.tainted.missing(whom, shown, now, half);
        if missing.is_empty() {
            return Ok(());
        }
        let (wide, until) = (
            now.plus(settings.taint_key),
            now.plus(settings.taint_thread),
        );
        let until = until.max(wide);
        let stored = missing.clone();
        let done = self.store().write(grant, move |txn| match whom {
            Whom::Key(key) => txn.taint(key, &stored, wide, until),
            Whom::Readers => txn.taint_readers(&stored, wide, until),
        });
        done.await?;
        self.0.tainted.remember(whom, &missing, wide.min(until));
        Ok(())
    }

    /// Taints the holder of a key that is about to be told of these events; where the holder of a
    /// polling token is, whoever may read the inboxes.
    ///
    /// # Errors
    /// As [`App::taint`].
    pub(crate) async fn taint_by_events<P>(&self, grant: &Grant<P>, told: Vec<i64>) -> Result<()> {
        let settings = &self.settings().gate;
        let counts = match grant.access().actor() {
            Actor::Key(_) => settings.tainting != Tainting::Off,
            Actor::System(reason) => reason == Reason::Polling && settings.taints_readers(),
        };
        if !counts || told.is_empty() {
            return Ok(());
        }
        let shown = self
            .store()
            .read(grant, move |view| view.strangers_in_events(&told));
        let shown = shown.await?;
        match grant.access().actor() {
            Actor::Key(_) => self.taint(grant, shown).await,
            Actor::System(_) => self.taint_readers(grant, shown).await,
        }
    }

    /// Refuses what a key may not do that was shown mail of strangers, wherever that was.
    ///
    /// # Errors
    /// `message_rejected` with the finding, or when the store fails.
    pub(crate) async fn untainted<P>(
        &self,
        grant: &Grant<P>,
        rule: &'static str,
        what: &str,
    ) -> Result<()> {
        let Actor::Key(key) = grant.access().actor() else {
            return Ok(());
        };
        if self.settings().gate.tainting == Tainting::Off {
            return Ok(());
        }
        let read = self.store().read(grant, move |view| {
            let taint = view.own_taint(None)?;
            if taint.is_none() {
                return Ok(None);
            }
            Ok(counts_taint(view, key)?.then_some(taint))
        });
        let Some(taint) = read.await?.filter(|taint| taint.wide_since.is_some()) else {
            return Ok(());
        };
        let detail = format!("{}, so for a time {what} with it.", taint.cause());
        let fix = taint.advice(
            "Use another key, one that was not shown that mail; or wait until the taint is over.",
        );
        Err(refused(vec![Finding::new(rule, detail, fix)]))
    }

    /// Refuses a right to the holder of a key that was shown mail of strangers, if the right is one
    /// that changes who may do what.
    ///
    /// # Errors
    /// `message_rejected` with the finding, or when the store fails.
    pub async fn allow_while_tainted(&self, access: &Access, right: Permission) -> Result<()> {
        if !right.is_barred_by_taint() {
            return Ok(());
        }
        let grant: Grant<model::perm::Authenticated> = access.grant()?;
        let what = format!("the right {} cannot be used", right.name());
        self.untainted(&grant, "change_while_tainted", &what).await
    }
}

/// Whether taint counts for a key, as far as its own policy and that of the organisation say.
pub(crate) fn counts_taint(view: &mut View<'_>, key: ApiKeyId) -> Result<bool> {
    let policies = view.policies_of_caller(key)?;
    Ok(Effective::of(&policies).taint != Some(Switch::Off))
}

/// Writes down which key changed a draft, with what taints it: when the draft leaves by itself, that
/// decides.
pub(crate) fn note_author(txn: &mut Txn<'_>, draft: &Draft) -> Result<()> {
    let Actor::Key(key) = txn.access().actor() else {
        return Ok(());
    };
    let taint = txn.own_taint(None)?;
    // What tainted the draft before stays: another's words may still be in it.
    let before = txn.draft_author(draft.draft_id)?;
    let taint = match before {
        Some(before) => before.taint.and(taint),
        None => taint,
    };
    txn.set_draft_author(draft.pod_id, draft.inbox_key, draft.draft_id, key, &taint)
}

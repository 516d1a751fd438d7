//! Writes down how tries ended: outcome, attempt, label, event and the end of the job in one
//! transaction.
//!
//! Several entries of one organisation share a transaction when they end at the same time: the first
//! is written at once, and what ends meanwhile is written together after it. An entry that cannot
//! be written in company is written alone. All entries of an inbox have the same settler, so that no
//! two of them wait for each other's rows.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::label::{Label, Labels};
use model::message::Message;
use model::{EventKind, Hidden, Kind, OrgId, Result, perm};
use store::{Attempt, Delivery, DeliveryState, Finish, NewEvent, Reason, Settled, Txn};
use sys::Shutdown;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::settings::Patience;
use super::verdict::{Ending, Fate, verdict};
use super::{Entry, lock, reports, schedule};
use crate::{App, render};

/// Entries of one transaction. Each takes some ten statements.
const TOGETHER: usize = 32;

/// How one recipient fared.
pub(super) struct Outcome {
    /// The delivery as it was before.
    pub(super) delivery: Delivery,
    /// How far it has come.
    pub(super) state: DeliveryState,
    /// In words.
    pub(super) detail: String,
    /// Whether the sender should know by now that it takes longer.
    pub(super) late: bool,
    /// What it means, when it is a failure.
    pub(super) verdict: mail::dsn::Verdict,
    /// Whether another server, or the DNS, had a say in it.
    pub(super) foreign: bool,
    /// What was tried; `None` where no other server was asked.
    pub(super) attempt: Option<Attempt>,
    /// Whether it counts as a try.
    pub(super) tried: bool,
}

/// A try of an entry that is to be written down.
pub(super) struct Settlement {
    entry: Entry,
    outcomes: Vec<Outcome>,
    /// When the entry is tried again; `None` when it is over.
    again: Option<Timestamp>,
    /// Bits for the ids of its events.
    randoms: [u128; 3],
    /// The jobs that tell its sender by mail.
    notices: [Uuid; 2],
    /// Whoever waits hears of it when this is dropped.
    _done: Option<oneshot::Sender<()>>,
}

impl Outcome {
    /// What the ending of a try means for a delivery.
    pub(super) fn of(delivery: Delivery, ending: &Ending, now: Timestamp, app: &App) -> Self {
        let patience = &app.settings().delivery.patience;
        let age = now.since(delivery.created_at);
        let verdict = verdict(ending, age, patience);
        Self {
            delivery,
            state: verdict.state,
            detail: verdict.detail,
            late: verdict.late,
            verdict: reports::meaning(ending, verdict.expired),
            foreign: true,
            attempt: None,
            tried: true,
        }
    }

    /// A delivery into an inbox of this server or into the sandbox.
    pub(super) fn here(delivery: Delivery, state: DeliveryState, detail: &str) -> Self {
        Self {
            delivery,
            state,
            detail: detail.to_owned(),
            late: false,
            verdict: mail::dsn::Verdict {
                class: mail::dsn::Class::InvalidMailbox,
                permanent: Some(true),
            },
            foreign: false,
            attempt: None,
            tried: true,
        }
    }

    /// Whether this server itself did not send it.
    pub(super) fn is_rejected(&self) -> bool {
        self.verdict.class == mail::dsn::Class::Suppressed
    }
}

/// Hands in a settlement and waits until it is written down. `not_before` is when the destination
/// may be tried again.
pub(super) async fn settle(
    app: &App,
    entry: Entry,
    outcomes: Vec<Outcome>,
    not_before: Option<Timestamp>,
) {
    let (done, written) = oneshot::channel();
    hand_in(app, entry, outcomes, not_before, Some(done)).await;
    // Nothing is ever sent: it ends when the settlement is gone.
    let _ = written.await;
}

/// Puts an entry off without a try: its destination is known to be down.
pub(super) async fn put_off(app: &App, entry: Entry, until: Timestamp, words: &str) {
    let ending = Ending::own(Fate::Later, "connect", (4, 4, 1), words);
    end_untried(app, entry, &ending, Some(until)).await;
}

/// Ends every open delivery of an entry in the same way, without a try.
pub(super) async fn end_untried(
    app: &App,
    entry: Entry,
    ending: &Ending,
    not_before: Option<Timestamp>,
) {
    match open(app, &entry).await {
        Ok(deliveries) => {
            let now = app.now();
            let outcomes = deliveries.into_iter().map(|delivery| Outcome {
                tried: ending.fate == Fate::Never,
                ..Outcome::of(delivery, ending, now, app)
            });
            let outcomes = outcomes.collect();
            hand_in(app, entry, outcomes, not_before, None).await;
        }
        Err(error) => crate::jobs::failed(app, &entry.job, &error).await,
    }
}

/// The deliveries of an entry that are not over, if nothing stops its departure.
pub(super) async fn bringable(app: &App, entry: &Entry) -> Result<Option<Vec<Delivery>>> {
    let grant = app.store().system(entry.job.org_id, Reason::Delivery);
    let grant = grant.grant::<perm::Authenticated>()?;
    let (key, domain) = (entry.key, entry.domain.clone());
    let found = app.store().read(&grant, move |view| {
        if view.halt_of_departure(key)?.is_some() {
            return Ok(None);
        }
        view.deliveries(key, Some(&domain)).map(Some)
    });
    let mut found = found.await?;
    if let Some(deliveries) = &mut found {
        deliveries.retain(|one| !one.state.is_final());
    }
    Ok(found)
}

/// Leaves an entry in the queue until its departure is stopped no more.
pub(super) async fn halt(app: &App, entry: &Entry) -> Result<()> {
    let grant = app.store().system(entry.job.org_id, Reason::Delivery);
    let grant = grant.grant::<perm::Authenticated>()?;
    let job = entry.job.clone();
    tracing::info!(message = %entry.key, domain = %entry.domain, "waits: departures are stopped");
    app.store()
        .write(&grant, move |txn| txn.halt_job(&job))
        .await
}

/// The deliveries of an entry that are not over.
pub(super) async fn open(app: &App, entry: &Entry) -> Result<Vec<Delivery>> {
    let grant = app.store().system(entry.job.org_id, Reason::Delivery);
    let grant = grant.grant::<perm::Authenticated>()?;
    let (key, domain) = (entry.key, entry.domain.clone());
    let found = app
        .store()
        .read(&grant, move |view| view.deliveries(key, Some(&domain)));
    let mut deliveries = found.await?;
    deliveries.retain(|one| !one.state.is_final());
    Ok(deliveries)
}

async fn hand_in(
    app: &App,
    entry: Entry,
    outcomes: Vec<Outcome>,
    not_before: Option<Timestamp>,
    done: Option<oneshot::Sender<()>>,
) {
    for outcome in &outcomes {
        tracing::info!(
            message = %entry.key,
            recipient = %outcome.delivery.recipient,
            state = outcome.state.name(),
            "{}", outcome.detail
        );
    }
    let [a, b] = app.env().ids.bytes::<2>();
    let patience = &app.settings().delivery.patience;
    let again = again(&outcomes, app.now(), patience, u16::from_be_bytes([a, b]));
    let settlement = Settlement {
        entry,
        outcomes,
        again: again.map(|at| not_before.map_or(at, |least| at.max(least))),
        randoms: std::array::from_fn(|_| app.env().ids.random().as_u128()),
        notices: std::array::from_fn(|_| app.env().ids.ordered(app.now())),
        _done: done,
    };
    let settlers = &app.0.departures.settling;
    let Some(own) = settlers.get(settler_of(&settlement.entry.from, settlers.len())) else {
        return;
    };
    // It is closed only when the server stops; the entry's lease is given back then.
    let _ = own.send(settlement).await;
}

/// Which of `many` settlers writes for the inbox at `address`.
fn settler_of(address: &str, many: usize) -> usize {
    let mut hash = DefaultHasher::new();
    address.hash(&mut hash);
    let many = u64::try_from(many).unwrap_or(1).max(1);
    usize::try_from(hash.finish() % many).unwrap_or(0)
}

/// When what was put off is tried again: all recipients of an entry together.
fn again(
    outcomes: &[Outcome],
    now: Timestamp,
    patience: &Patience,
    dice: u16,
) -> Option<Timestamp> {
    let left = outcomes.iter().filter(|one| !one.state.is_final());
    let oldest = left.map(|one| one.delivery.created_at).min()?;
    let age = now.since(oldest);
    let pause = schedule::pause(age, patience, dice);
    // The last try is made when the time is over, not up to two hours later.
    let rest = patience.keep_trying.saturating_sub(age);
    Some(now.plus(pause.min(rest.max(Duration::from_millis(1)))))
}

/// Starts the settlers, once.
pub(super) fn start(app: &App) {
    for settlements in lock(&app.0.departures.settlements).drain(..) {
        let shutdown = app.0.tasks.shutdown();
        app.0.tasks.spawn(run(app.clone(), settlements, shutdown));
    }
}

/// Writes settlements down until the server stops and nobody brings mail any more.
async fn run(app: App, mut settlements: mpsc::Receiver<Settlement>, mut shutdown: Shutdown) {
    let mut batch = Vec::with_capacity(TOGETHER);
    loop {
        tokio::select! {
            biased;
            count = settlements.recv_many(&mut batch, TOGETHER) => if count == 0 { return },
            () = super::queue::ended(&app, &mut shutdown) => return,
        }
        let mut by_org: BTreeMap<OrgId, Vec<Arc<Settlement>>> = BTreeMap::new();
        for settlement in batch.drain(..) {
            let org = settlement.entry.job.org_id;
            by_org.entry(org).or_default().push(Arc::new(settlement));
        }
        for (org, mut together) in by_org {
            // Everybody locks inboxes in one order.
            together.sort_by(|a, b| a.entry.from.cmp(&b.entry.from));
            write_all(&app, org, together).await;
        }
    }
}

async fn write_all(app: &App, org: OrgId, together: Vec<Arc<Settlement>>) {
    let mut failed = Vec::new();
    match write(app, org, together.clone()).await {
        Ok(()) => {}
        Err(error) if together.len() == 1 => failed.push((Arc::clone(&together[0]), error)),
        Err(_) => {
            for one in &together {
                if let Err(error) = write(app, org, vec![Arc::clone(one)]).await {
                    failed.push((Arc::clone(one), error));
                }
            }
        }
    }
    for (one, error) in failed {
        crate::jobs::failed(app, &one.entry.job, &error).await;
    }
}

async fn write(app: &App, org: OrgId, together: Vec<Arc<Settlement>>) -> Result<()> {
    let access = app.store().system(org, Reason::Delivery);
    let grant = access.grant::<perm::Authenticated>()?;
    app.store()
        .write(&grant, move |txn| {
            together.iter().try_for_each(|one| one.write(txn))
        })
        .await
}

impl Settlement {
    fn write(&self, txn: &mut Txn<'_>) -> Result<()> {
        for outcome in &self.outcomes {
            let settled = Settled {
                state: outcome.state,
                detail: &outcome.detail,
                due_at: self.again.filter(|_| !outcome.state.is_final()),
                attempt: outcome.attempt.as_ref(),
            };
            let tries = i64::from(outcome.tried);
            txn.settle_try(&outcome.delivery, &settled, tries)?;
        }
        if self
            .outcomes
            .iter()
            .any(|one| one.state.is_final() || one.late)
        {
            match txn.message_of_key(self.entry.key) {
                Ok(message) => {
                    reports::learn(txn, Some(&message), &self.outcomes)?;
                    self.tell(txn, &message)?;
                }
                // Its owner deleted it meanwhile; it has left all the same.
                Err(error) if error.kind() == Kind::NotFound => {
                    reports::learn(txn, None, &self.outcomes)?;
                    txn.forget_deliveries(self.entry.key.as_bytes())?;
                }
                Err(error) => return Err(error),
            }
        }
        match self.again {
            Some(at) => {
                let why = self.outcomes.first().map(|one| one.detail.clone());
                let how = Finish::RetryAt(at, why.unwrap_or_default());
                txn.finish_job(&self.entry.job, &how)
            }
            None => {
                txn.unlink_raw(self.entry.blob)?;
                txn.finish_job(&self.entry.job, &Finish::Done)
            }
        }
    }

    /// Labels the message and tells the readers of the log.
    fn tell(&self, txn: &mut Txn<'_>, message: &Message) -> Result<()> {
        let delayed = Label::system("delayed");
        let mut add: Labels = self.outcomes.iter().filter_map(label).collect();
        let mut remove = Labels::default();
        let [bounce_notice, delay_notice] = self.notices;
        if self.outcomes.iter().any(|one| one.late) {
            if !message.labels.contains(&delayed) {
                reports::late(txn, message, &self.outcomes, delay_notice)?;
            }
            add.insert(delayed);
        } else if message.labels.contains(&delayed) && !txn.has_deferred(message.key)? {
            remove.insert(delayed);
        }
        let message = txn.relabel(message, &add, &remove)?;
        let [delivered, sandboxed, bounced] = self.randoms;
        for (state, note, random) in [
            (DeliveryState::Delivered, "", delivered),
            (DeliveryState::Sandboxed, ",\"sandbox\":true", sandboxed),
        ] {
            let names: Vec<String> = self
                .of(state)
                .map(|one| one.delivery.recipient.clone())
                .collect();
            if !names.is_empty() {
                txn.emit(NewEvent {
                    kind: EventKind::MessageDelivered,
                    pod_id: Some(message.pod_id),
                    inbox_key: Some(message.inbox_key),
                    message_key: Some(message.key),
                    hidden: Hidden::NONE,
                    payload: render::send_event("delivery", &message, &names, note)?,
                    tail: None,
                    random,
                });
            }
        }
        let gone: Vec<&Outcome> = self.of(DeliveryState::Bounced).collect();
        if gone.is_empty() {
            return Ok(());
        }
        reports::bounced(txn, &message, &gone, (bounced, bounce_notice))
    }

    fn of(&self, state: DeliveryState) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |one| one.state == state)
    }
}

fn label(outcome: &Outcome) -> Option<Label> {
    match outcome.state {
        DeliveryState::Queued | DeliveryState::Deferred => None,
        DeliveryState::Delivered => Some(Label::system("delivered")),
        DeliveryState::Sandboxed => Some(Label::system("delivered-in-sandbox")),
        DeliveryState::Bounced if outcome.is_rejected() => Some(Label::system("rejected")),
        DeliveryState::Bounced => Some(Label::system("bounced")),
    }
}

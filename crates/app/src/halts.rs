//! The kill switch of an organisation, a pod or an inbox, and the circuit breaker of an inbox: they
//! stop departures, also those in the queue, and never an arrival.

use std::time::Duration;

use mail::Timestamp;
use model::list::Level;
use model::{Code, Error, EventKind, Hidden, Kind, Result, perm};
use serde_json::json;
use store::{Delivery, Governed, Grant, Halt, HaltCause, NewEvent, NewHalt, Txn, View};

use crate::App;

/// Entries of the queue that one transaction lets go.
const SLICE: i64 = 500;

/// Stops that are shown.
const SHOWN: usize = 1_000;

/// Characters of a reason.
const LONGEST: usize = 500;

/// The time in which failures are counted.
const WINDOW: Duration = Duration::from_secs(3_600);

/// With fewer failures nothing is stopped, whatever share of the mail they are.
const FEWEST: i64 = 20;

/// One failure for so many messages is too much.
const SHARE: i64 = 4;

/// The refusal of a departure.
pub(crate) fn stopped(halt: &Halt) -> Error {
    let whose = match halt.level {
        Level::Org => "organization",
        Level::Pod => "pod",
        Level::Inbox => "inbox",
    };
    let why = match (&halt.note, halt.cause) {
        (Some(note), _) => format!(": {note}"),
        (None, HaltCause::Bounces) => ": too much of its mail has bounced".to_owned(),
        (None, HaltCause::Switch) => String::new(),
    };
    let detail = format!("Nothing leaves from this {whose} since {}{why}", halt.since);
    Error::new(Code::SendingPaused, detail).fix(
        "Wait: what is in the queue and in drafts stays there and goes on later. A key that has \
         sending_resume can let it go on.",
    )
}

impl App {
    /// Stops the departures of what the path names; what waits to leave waits on.
    ///
    /// # Errors
    /// `validation_error` for the reason.
    pub async fn pause_sending(
        &self,
        grant: &Grant<perm::SendingPause>,
        request: wire::PauseSendingRequest,
    ) -> Result<wire::SendingStatus> {
        let note = request.reason.map(|reason| reason.trim().to_owned());
        let note = note.filter(|reason| !reason.is_empty());
        let is_bad = |reason: &String| {
            reason.chars().count() > LONGEST || reason.chars().any(char::is_control)
        };
        if note.as_ref().is_some_and(is_bad) {
            let detail = "A reason has at most 500 characters on one line";
            return Err(Error::invalid("reason", "invalid_value", detail));
        }
        let new = NewHalt {
            cause: HaltCause::Switch,
            note,
            until: None,
        };
        let random = self.env().ids.random().as_u128();
        let paused = self.store().write(grant, move |txn| {
            let halt = txn.halt(&new)?;
            emit(txn, EventKind::SendingPaused, &halt, random)?;
            status(txn)
        });
        paused.await
    }

    /// Lets the departures of what the path names go on. What something around it stops stays where
    /// it is.
    ///
    /// # Errors
    /// `conflict` when they are not stopped.
    pub async fn resume_sending(
        &self,
        grant: &Grant<perm::SendingResume>,
    ) -> Result<wire::SendingStatus> {
        let random = self.env().ids.random().as_u128();
        let resumed = self.store().write(grant, move |txn| {
            let Some(halt) = txn.end_halt()? else {
                return Err(Error::new(Code::Conflict, "Sending is not paused here")
                    .fix("Resume it where it was paused: organization, pod or inbox."));
            };
            // Otherwise the next failure would stop it again.
            txn.forget_bounces()?;
            emit(txn, EventKind::SendingResumed, &halt, random)?;
            Ok(())
        });
        resumed.await?;
        while self
            .store()
            .write(grant, move |txn| txn.release_halted(SLICE))
            .await?
        {}
        self.store().read(grant, status).await
    }

    /// What is stopped within reach.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sending_status(
        &self,
        grant: &Grant<perm::InboxRead>,
    ) -> Result<wire::SendingStatus> {
        self.store().read(grant, status).await
    }
}

/// Counts a delivery that failed for good, and stops the inbox when that is too often: going on would
/// ruin the name of its domain.
///
/// # Errors
/// When the store fails.
pub(crate) fn count_failure(txn: &mut Txn<'_>, delivery: &Delivery) -> Result<()> {
    let inbox = Governed {
        org_id: txn.access().org_id(),
        pod_id: delivery.pod_id,
        inbox_key: delivery.inbox_key,
    };
    let failed = txn.count_bounce(inbox, WINDOW)?;
    if failed < FEWEST {
        return Ok(());
    }
    let now = txn.now();
    let enough = failed.saturating_mul(SHARE);
    if txn.sent_since(inbox.inbox_key, now.minus(WINDOW), enough)? >= enough {
        return Ok(());
    }
    let new = NewHalt {
        cause: HaltCause::Bounces,
        note: Some(format!(
            "{failed} deliveries failed for good within an hour"
        )),
        until: Some(now.plus(WINDOW)),
    };
    if let Some(halt) = txn.halt_inbox(inbox, &new)? {
        tracing::warn!(inbox = %inbox.inbox_key, failed, "the departures of an inbox were stopped");
        emit(
            txn,
            EventKind::SendingPaused,
            &halt,
            delivery.delivery_id.as_u128(),
        )?;
    }
    Ok(())
}

fn status(view: &mut View<'_>) -> Result<wire::SendingStatus> {
    let paused = view.is_halted()?;
    let halts = view.halts(SHOWN)?;
    let pauses = halts.iter().map(|halt| shown(view, halt));
    let pauses = pauses.collect::<Result<Vec<_>>>()?;
    Ok(wire::SendingStatus {
        paused,
        count: pauses.len(),
        pauses,
    })
}

fn shown(view: &mut View<'_>, halt: &Halt) -> Result<wire::SendingPause> {
    let inbox = match halt.inbox_key.map(|key| view.inbox_of_key(key)) {
        Some(Ok(inbox)) => Some(inbox),
        // It was deleted, and what is left of it will be.
        Some(Err(error)) if error.kind() != Kind::NotFound => return Err(error),
        Some(Err(_)) | None => None,
    };
    let text = |at: Timestamp| at.to_string();
    Ok(wire::SendingPause {
        scope: match halt.level {
            Level::Org => "organization",
            Level::Pod => "pod",
            Level::Inbox => "inbox",
        }
        .to_owned(),
        organization_id: view.access().org_id().to_string(),
        pod_id: halt.pod_id.map(|pod| pod.to_string()),
        inbox_id: inbox.map(|inbox| inbox.inbox_id.to_string()),
        cause: halt.cause.name().to_owned(),
        reason: halt.note.clone(),
        api_key_id: halt.by.map(|key| key.to_string()),
        paused_at: text(halt.since),
        resumes_at: halt.until.map(text),
    })
}

fn emit(txn: &mut Txn<'_>, kind: EventKind, halt: &Halt, random: u128) -> Result<()> {
    let mut told = serde_json::to_value(shown(txn, halt)?).map_err(Error::internal)?;
    told["timestamp"] = json!(txn.now().to_string());
    txn.emit(NewEvent {
        kind,
        pod_id: halt.pod_id,
        inbox_key: halt.inbox_key,
        message_key: None,
        hidden: Hidden::NONE,
        payload: format!("\"sending\":{told}"),
        tail: None,
        random,
    });
    Ok(())
}

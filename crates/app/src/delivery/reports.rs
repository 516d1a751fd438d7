//! What is told of mail that comes back, and where it comes back to. Everything about bounces that
//! delivery itself needs is asked here and nowhere else.

use mail::Address;
use mail::dsn::{Class, Status, Verdict, Words, classify};
use model::message::Message;
use model::{EventKind, Hidden, Result, perm};
use store::{Delivery, DeliveryState, Grant, NewEvent, Txn};
use uuid::Uuid;

use super::Entry;
use super::settle::Outcome;
use super::verdict::Ending;
use crate::bounces::{self, Refusal};
use crate::{App, render};

/// The address that reports about these deliveries, which travel in one transaction, come back to.
///
/// # Errors
/// When the store fails.
pub(super) async fn reverse_path(
    app: &App,
    entry: &Entry,
    deliveries: &[Delivery],
) -> Result<Option<Address>> {
    let Some(first) = deliveries.first() else {
        return Ok(None);
    };
    app.return_path(&entry.from, first.delivery_id).await
}

/// What the end of a delivery means. What was given up for its age is lasting for the message, and
/// says nothing lasting about the address.
pub(super) fn meaning(ending: &Ending, expired: bool) -> Verdict {
    let (class, subject, detail) = ending.enhanced;
    let status = u8::try_from(class)
        .ok()
        .map(|class| Status(class, subject, detail));
    let verdict = classify(&Words {
        code: ending.code,
        status,
        text: &ending.words,
    });
    // No server that may be asked: that can be our own rule, and says nothing about the address.
    if ending.code.is_none() && matches!(ending.enhanced, (5, 4, 4)) {
        return Verdict {
            class: Class::Network,
            permanent: Some(true),
        };
    }
    match (expired, verdict.class) {
        (false, _) => Verdict {
            permanent: Some(true),
            ..verdict
        },
        (true, Class::Unknown) => Verdict {
            class: Class::Expired,
            permanent: Some(false),
        },
        (true, _) => Verdict {
            permanent: Some(false),
            ..verdict
        },
    }
}

/// The deliveries that may be tried, and the outcomes of those whose recipients were suppressed
/// since the message was taken: by a bounce or a complaint about another one.
///
/// # Errors
/// When the store fails.
pub(super) async fn spare(
    app: &App,
    grant: &Grant<perm::Authenticated>,
    open: Vec<Delivery>,
) -> Result<(Vec<Delivery>, Vec<Outcome>)> {
    let keys: Vec<String> = open.iter().map(|one| one.recipient.clone()).collect();
    let known = app
        .store()
        .read(grant, move |view| view.suppressed_among(&keys))
        .await?;
    let (spared, open): (Vec<_>, Vec<_>) = open
        .into_iter()
        .partition(|one| known.contains(&one.recipient));
    let outcomes = spared.into_iter().map(|delivery| Outcome {
        verdict: Verdict {
            class: Class::Suppressed,
            permanent: Some(true),
        },
        tried: false,
        ..Outcome::here(
            delivery,
            DeliveryState::Bounced,
            "not sent: the address is suppressed",
        )
    });
    Ok((open, outcomes.collect()))
}

/// Learns from what will never arrive whom not to write to again. What only concerns this server
/// says nothing about an address.
///
/// # Errors
/// When the store fails.
pub(super) fn learn(
    txn: &mut Txn<'_>,
    message: Option<&Message>,
    outcomes: &[Outcome],
) -> Result<()> {
    let gone = outcomes
        .iter()
        .filter(|one| one.foreign && one.state == DeliveryState::Bounced);
    for one in gone {
        bounces::learn(txn, &refusal(one), message)?;
    }
    Ok(())
}

/// Writes down that these deliveries of a message will never arrive, and tells the readers of the
/// log: one event for each kind of failure, and one for what this server itself did not send.
/// `random` gives bits for their ids.
///
/// # Errors
/// When the store fails.
pub(super) fn bounced(
    txn: &mut Txn<'_>,
    message: &Message,
    outcomes: &[&Outcome],
    (random, job_id): (u128, Uuid),
) -> Result<()> {
    let refusals: Vec<Refusal> = outcomes.iter().map(|one| refusal(one)).collect();
    bounces::of_session(txn, message, &refusals)?;
    let ids: Vec<Uuid> = refusals
        .iter()
        .map(|one| one.delivery.delivery_id)
        .collect();
    bounces::notify(txn, message, &ids, false, job_id)?;
    // An agent that writes again whenever it is told of a failure goes round too.
    let failed = outcomes.iter().filter(|one| !one.is_rejected());
    let failed: Vec<String> = failed.map(|one| one.delivery.recipient.clone()).collect();
    let own = message.inbox_id.as_str().to_lowercase();
    txn.note_arrival(&own, message.thread_id, &failed)?;
    let kind = |one: &Outcome| (one.verdict.kind().name(), one.verdict.sub_type());
    let mut kinds: Vec<(&str, &str)> = outcomes.iter().map(|one| kind(one)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for (index, wanted) in (0_u128..).zip(kinds) {
        let list: Vec<&&Outcome> = outcomes.iter().filter(|one| kind(one) == wanted).collect();
        let rejected = list.iter().all(|one| one.is_rejected());
        let (kind, payload) = if rejected {
            let names: Vec<String> = list
                .iter()
                .map(|one| one.delivery.recipient.clone())
                .collect();
            let reason = format!("Recipient(s) suppressed: {}", names.join(", "));
            let payload = bounces::reject_event(message, &reason, &names)?;
            (EventKind::MessageRejected, payload)
        } else {
            let told: Vec<(String, String)> = list
                .iter()
                .map(|one| (one.delivery.recipient.clone(), one.detail.clone()))
                .collect();
            let payload = render::bounce_event(message, wanted, &told)?;
            (EventKind::MessageBounced, payload)
        };
        txn.emit(NewEvent {
            kind,
            pod_id: Some(message.pod_id),
            inbox_key: Some(message.inbox_key),
            message_key: Some(message.key),
            hidden: Hidden::NONE,
            payload,
            tail: None,
            random: random.wrapping_add(index),
        });
    }
    Ok(())
}

/// Asks for a notice to the sender of what is late.
///
/// # Errors
/// When the store fails.
pub(super) fn late(
    txn: &mut Txn<'_>,
    message: &Message,
    outcomes: &[Outcome],
    job_id: Uuid,
) -> Result<()> {
    let late = outcomes.iter().filter(|one| one.late);
    let ids: Vec<Uuid> = late.map(|one| one.delivery.delivery_id).collect();
    bounces::notify(txn, message, &ids, true, job_id)
}

fn refusal(outcome: &Outcome) -> Refusal {
    let said = Words::of(&outcome.detail);
    let attempt = outcome.attempt.as_ref();
    Refusal {
        delivery: outcome.delivery.clone(),
        verdict: outcome.verdict,
        status: said.status.map(|status| status.to_string()),
        reporter: attempt.and_then(|attempt| attempt.host.clone()),
        detail: outcome.detail.clone(),
    }
}

//! What is told of mail that comes back, and where it comes back to. Everything about bounces that
//! delivery itself needs is asked here and nowhere else.

use mail::Address;
use model::message::Message;
use model::{EventKind, Hidden, Result};
use store::{Delivery, NewEvent, Txn};

use super::Entry;
use super::settle::Outcome;
use super::verdict::Ending;
use crate::{App, render};

/// The address that reports about these deliveries, which travel in one transaction, come back to.
pub(super) fn reverse_path(_app: &App, entry: &Entry, _deliveries: &[Delivery]) -> Option<Address> {
    Address::parse(&entry.from).ok()
}

/// The `type` and `sub_type` of a delivery that will never arrive, as AgentMail has them. What was
/// given up for its age says nothing about the address.
pub(super) fn kind(ending: &Ending, expired: bool) -> (&'static str, &'static str) {
    if expired {
        return ("Transient", "General");
    }
    match ending.enhanced {
        // RFC 3463 §3.2: bad mailbox, bad system, no mailbox match, disabled, moved; RFC 7505 null MX.
        (_, 1, 1 | 2 | 3 | 6 | 10) | (_, 2, 1) => ("Permanent", "NoEmail"),
        (_, 2, 2) => ("Transient", "MailboxFull"),
        (_, 3, 4) | (_, 2, 3) => ("Transient", "MessageTooLarge"),
        (_, 6, _) => ("Transient", "ContentRejected"),
        _ => ("Permanent", "General"),
    }
}

/// Writes down that these deliveries of a message will never arrive, and tells the readers of the
/// log: one event for each kind of failure. `random` gives bits for their ids.
///
/// # Errors
/// When the store fails.
pub(super) fn bounced(
    txn: &mut Txn<'_>,
    message: &Message,
    outcomes: &[&Outcome],
    random: u128,
) -> Result<()> {
    let mut kinds: Vec<(&str, &str)> = outcomes.iter().map(|one| one.bounce).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for (index, kind) in (0_u128..).zip(kinds) {
        let list: Vec<(String, String)> = outcomes
            .iter()
            .filter(|one| one.bounce == kind)
            .map(|one| (one.delivery.recipient.clone(), one.detail.clone()))
            .collect();
        txn.emit(NewEvent {
            kind: EventKind::MessageBounced,
            pod_id: Some(message.pod_id),
            inbox_key: Some(message.inbox_key),
            hidden: Hidden::NONE,
            payload: render::bounce_event(message, kind, &list)?,
            tail: None,
            random: random.wrapping_add(index),
        });
    }
    Ok(())
}

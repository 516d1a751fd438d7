//! Delivery that leaves no machine: into inboxes of this server, and into the sandbox.

use mail::Address;
use model::message::Way;
use model::{Kind, Result, perm};
use store::{Delivery, DeliveryState, Reason};

use super::Entry;
use super::settle::Outcome;
use crate::App;
use crate::inbound::Arrival;

/// Files a message in the inboxes of its recipients, through the same `receive` as mail from
/// outside.
///
/// # Errors
/// When the store fails; what was filed already is not filed twice.
pub(super) async fn to_inboxes(
    app: &App,
    entry: &Entry,
    open: Vec<Delivery>,
) -> Result<Vec<Outcome>> {
    let access = app.store().system(entry.job.org_id, Reason::Delivery);
    let grant = access.grant::<perm::Authenticated>()?;
    let from = Address::parse(&entry.from).ok();
    let raw = app.store().raw_of_blob(&grant, entry.blob).await?;
    let mut outcomes = Vec::with_capacity(open.len());
    for delivery in open {
        let key = Address::parse(&delivery.recipient)
            .map_or_else(|_| delivery.recipient.clone(), |address| address.key());
        let arrival = Arrival {
            recipients: vec![key],
            reverse_path: from.clone(),
            raw: raw.clone(),
            at: app.now(),
            trace: mail::trace::return_path(from.as_ref()),
            way: Way::Inbox,
            session: None,
        };
        let (state, detail) = match app.receive(arrival).await {
            Ok(()) => (DeliveryState::Delivered, "filed in an inbox of this server"),
            Err(error) if error.kind() == Kind::NotFound => {
                (DeliveryState::Bounced, "550 5.1.1 No such mailbox here")
            }
            Err(error) => return Err(error),
        };
        outcomes.push(Outcome::here(delivery, state, detail));
    }
    Ok(outcomes)
}

/// Holds a message that would otherwise leave.
pub(super) fn to_sandbox(open: Vec<Delivery>) -> Vec<Outcome> {
    let held = "held in the sandbox: real delivery is not configured";
    let outcomes = open.into_iter();
    outcomes
        .map(|delivery| Outcome::here(delivery, DeliveryState::Sandboxed, held))
        .collect()
}

//! Brings a sent message to its recipients in one domain.
//!
//! Two ways exist so far: into an inbox of this server, through the same `receive` as mail from
//! outside, and into the sandbox, which holds everything else so that nothing leaves by accident.
//! Delivery to the world joins at [`Way`].

use mail::Address;
use model::label::{Label, Labels};
use model::message::Message;
use model::{Error, EventKind, Hidden, Kind, MessageKey, Result};
use serde::{Deserialize, Serialize};
use store::{BlobId, ClaimedJob, Delivery, DeliveryState, Finish, NewEvent, Reason};

use crate::authenticate::Sender;
use crate::inbound::Arrival;
use crate::{App, render};

/// One entry of the queue: a message and a domain it goes to. The job holds the bytes itself, so
/// that deleting a message that was sent does not keep it from leaving.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeliverMail {
    /// The message's row, which may be gone.
    pub(crate) message: String,
    /// The recipients' domain.
    pub(crate) domain: String,
    /// The bytes.
    pub(crate) raw: String,
    /// The sending inbox: where failures are reported.
    pub(crate) from: String,
}

impl DeliverMail {
    pub(crate) const KIND: &'static str = "deliver_mail/1";
}

/// Where mail for a domain goes.
enum Way {
    /// Inboxes of this server.
    Local,
    /// Nowhere: held on this machine.
    Sandbox,
}

/// How one recipient fared.
struct Outcome {
    delivery: Delivery,
    state: DeliveryState,
    detail: String,
}

/// What a try works on.
struct Entry {
    key: MessageKey,
    blob: BlobId,
    from: Option<Address>,
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let mail: DeliverMail = super::read(job)?;
    let damaged = || Error::internal("the payload of a delivery is damaged");
    let entry = Entry {
        key: mail.message.parse().map_err(Error::internal)?,
        blob: BlobId::parse(&mail.raw).ok_or_else(damaged)?,
        from: Address::parse(&mail.from).ok(),
    };
    let grant = super::grant(app, job, Reason::Delivery)?;
    let local = app.store().is_local_domain(mail.domain.clone()).await?;
    let (key, domain) = (entry.key, mail.domain);
    let found = app
        .store()
        .read(&grant, move |view| view.deliveries(key, Some(&domain)));
    let open: Vec<Delivery> = found
        .await?
        .into_iter()
        .filter(|one| !one.state.is_final())
        .collect();
    let way = if local { Way::Local } else { Way::Sandbox };
    let mut outcomes = Vec::with_capacity(open.len());
    for delivery in open {
        outcomes.push(match way {
            Way::Local => to_inbox(app, &grant, &entry, delivery).await?,
            Way::Sandbox => Outcome {
                delivery,
                state: DeliveryState::Sandboxed,
                detail: "held in the sandbox: real delivery is not configured".to_owned(),
            },
        });
    }
    settle(app, job, entry, outcomes).await
}

async fn to_inbox<P>(
    app: &App,
    grant: &store::Grant<P>,
    entry: &Entry,
    delivery: Delivery,
) -> Result<Outcome> {
    let arrival = Arrival {
        recipients: vec![delivery.recipient.clone()],
        // It comes from one of our own inboxes, whose key was checked.
        sender: Sender::Proven,
        reverse_path: entry.from.clone(),
        raw: app.store().raw_of_blob(grant, entry.blob).await?,
        at: app.now(),
        trace: mail::trace::return_path(entry.from.as_ref()),
    };
    match app.receive(arrival).await {
        Ok(()) => {
            let (state, detail) = (
                DeliveryState::Delivered,
                "filed in an inbox of this server".to_owned(),
            );
            Ok(Outcome {
                delivery,
                state,
                detail,
            })
        }
        Err(error) if error.kind() == Kind::NotFound => {
            let (state, detail) = (
                DeliveryState::Bounced,
                "550 5.1.1 No such mailbox here".to_owned(),
            );
            Ok(Outcome {
                delivery,
                state,
                detail,
            })
        }
        Err(error) => Err(error),
    }
}

/// Writes down what happened and ends the job in one transaction.
async fn settle(app: &App, job: &ClaimedJob, entry: Entry, outcomes: Vec<Outcome>) -> Result<()> {
    let grant = super::grant(app, job, Reason::Delivery)?;
    for outcome in &outcomes {
        tracing::info!(
            message = %entry.key,
            recipient = %outcome.delivery.recipient,
            state = outcome.state.name(),
            "{}", outcome.detail
        );
    }
    let randoms: [u128; 3] = std::array::from_fn(|_| app.env().ids.random().as_u128());
    let job = job.clone();
    app.store()
        .write(&grant, move |txn| {
            for outcome in &outcomes {
                txn.settle_delivery(outcome.delivery.delivery_id, outcome.state, &outcome.detail)?;
            }
            match txn.message_of_key(entry.key) {
                Ok(message) => {
                    let labels: Labels = outcomes
                        .iter()
                        .filter_map(|outcome| label(outcome.state))
                        .collect();
                    let message = txn.relabel(&message, &labels, &Labels::default())?;
                    for (event, random) in events(&message, &outcomes)?.into_iter().zip(randoms) {
                        txn.emit(NewEvent { random, ..event });
                    }
                }
                // Its owner deleted it meanwhile; it has left all the same.
                Err(error) if error.kind() == Kind::NotFound => {
                    txn.forget_deliveries(entry.key.as_bytes())?;
                }
                Err(error) => return Err(error),
            }
            txn.unlink_raw(entry.blob)?;
            txn.finish_job(&job, &Finish::Done)
        })
        .await
}

fn label(state: DeliveryState) -> Option<Label> {
    match state {
        DeliveryState::Queued | DeliveryState::Deferred => None,
        DeliveryState::Delivered => Some(Label::system("delivered")),
        DeliveryState::Sandboxed => Some(Label::system("delivered-in-sandbox")),
        DeliveryState::Bounced => Some(Label::system("bounced")),
    }
}

/// What the readers of the log are told: at most one event for each kind of outcome.
fn events(message: &Message, outcomes: &[Outcome]) -> Result<Vec<NewEvent>> {
    let of = |state: DeliveryState| -> Vec<&Outcome> {
        outcomes
            .iter()
            .filter(|outcome| outcome.state == state)
            .collect()
    };
    let names = |list: &[&Outcome]| -> Vec<String> {
        list.iter()
            .map(|outcome| outcome.delivery.recipient.clone())
            .collect()
    };
    let event = |kind: EventKind, payload: String| NewEvent {
        kind,
        pod_id: Some(message.pod_id),
        inbox_key: Some(message.inbox_key),
        hidden: Hidden::NONE,
        payload,
        tail: None,
        random: 0,
    };
    let mut events = Vec::new();
    for (state, note) in [
        (DeliveryState::Delivered, ""),
        (DeliveryState::Sandboxed, ",\"sandbox\":true"),
    ] {
        let list = of(state);
        if !list.is_empty() {
            let payload = render::send_event("delivery", message, &names(&list), note)?;
            events.push(event(EventKind::MessageDelivered, payload));
        }
    }
    let bounced = of(DeliveryState::Bounced);
    if !bounced.is_empty() {
        let list: Vec<(String, String)> = bounced
            .iter()
            .map(|outcome| (outcome.delivery.recipient.clone(), outcome.detail.clone()))
            .collect();
        events.push(event(
            EventKind::MessageBounced,
            render::bounce_event(message, &list)?,
        ));
    }
    Ok(events)
}

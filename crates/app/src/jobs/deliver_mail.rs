//! Brings a sent message to its recipients in one domain.
//!
//! Two ways exist so far: into an inbox of this server, through the same `receive` as mail from
//! outside, and into the sandbox, which holds everything else so that nothing leaves by accident.
//! Delivery to the world joins at [`Way`].

use mail::Address;
use model::label::{Label, Labels};
use model::message::Message;
use model::{Error, EventKind, Hidden, MessageKey, Result};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Delivery, DeliveryState, Finish, NewEvent, Reason};

use crate::authenticate::Sender;
use crate::inbound::Arrival;
use crate::{App, render};

/// The message and the domain of this entry of the queue.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeliverMail {
    pub(crate) message: String,
    pub(crate) domain: String,
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

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let DeliverMail { message, domain } = super::read(job)?;
    let key: MessageKey = message.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let local = app.store().is_local_domain(domain.clone()).await?;
    let wanted = domain.clone();
    let found = app.store().read(&grant, move |view| {
        let deliveries = view.deliveries(key, Some(&wanted))?;
        Ok((view.message_of_key(key), deliveries))
    });
    let (message, deliveries) = found.await?;
    let Ok(message) = message else {
        // Its owner deleted it before it left.
        return super::finish(app, job, Finish::Done).await;
    };
    let open: Vec<Delivery> = deliveries
        .into_iter()
        .filter(|one| !one.state.is_final())
        .collect();
    let way = if local { Way::Local } else { Way::Sandbox };
    let mut outcomes = Vec::with_capacity(open.len());
    for delivery in open {
        outcomes.push(match way {
            Way::Local => to_inbox(app, &grant, &message, delivery).await?,
            Way::Sandbox => Outcome {
                delivery,
                state: DeliveryState::Sandboxed,
                detail: "held in the sandbox: real delivery is not configured".to_owned(),
            },
        });
    }
    settle(app, job, message, outcomes).await
}

async fn to_inbox<P>(
    app: &App,
    grant: &store::Grant<P>,
    message: &Message,
    delivery: Delivery,
) -> Result<Outcome> {
    let arrival = Arrival {
        recipients: vec![delivery.recipient.clone()],
        // It comes from one of our own inboxes, whose key was checked.
        sender: Sender::Proven,
        reverse_path: Address::parse(message.inbox_id.as_str()).ok(),
        raw: app.store().raw(grant, message.key).await?,
        at: app.now(),
        trace: mail::trace::return_path(Address::parse(message.inbox_id.as_str()).ok().as_ref()),
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
        Err(error) if error.kind() == model::Kind::NotFound => {
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
async fn settle(
    app: &App,
    job: &ClaimedJob,
    message: Message,
    outcomes: Vec<Outcome>,
) -> Result<()> {
    let grant = super::grant(app, job, Reason::Delivery)?;
    for outcome in &outcomes {
        tracing::info!(
            message = %message.message_id,
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
            let labels: Labels = outcomes
                .iter()
                .filter_map(|outcome| label(outcome.state))
                .collect();
            let message = if labels.is_empty() {
                message.clone()
            } else {
                txn.relabel(&message, &labels, &Labels::default())?
            };
            for (event, random) in events(&message, &outcomes)?.into_iter().zip(randoms) {
                txn.emit(NewEvent { random, ..event });
            }
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

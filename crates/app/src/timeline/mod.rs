//! What happened to one message, in order of time.
//!
//! There is no second log: the timeline is read from what the doors, the queue, the reports, the
//! event log and the webhooks have stored anyway, and an entry is there as long as its source is.

mod entries;
mod trace;

pub use self::trace::trace;

use mail::MessageId;
use model::authentication::Authentication;
use model::list::Entry;
use model::message::{Message, Origin, Spam};
use model::webhook::{HookAttempt, HookDelivery};
use model::{Error, InboxId, Kind, MessageKey, Result, perm};
use store::{
    Attempt, Delivery, DeliveryReport, Grant, LabelChange, MessageEvent, ReportKind, Suppression,
    View,
};

use crate::App;

/// How much is told of one message: the first events, the newest changes of labels, the deliveries
/// of one event to webhooks, and the newest tries of one of those.
const MOST_EVENTS: usize = 200;
const MOST_CHANGES: usize = 1_000;
const MOST_HOOKS: usize = 200;
const MOST_TRIES: i64 = 100;

/// Deliveries to webhooks that are told of in all.
const MOST_HOOKS_IN_ALL: usize = 1_000;

/// All that is known of the way of one message.
struct Story {
    /// `None` for one that was deleted.
    message: Option<Message>,
    origin: Option<Origin>,
    authentication: Option<Authentication>,
    spam: Option<Spam>,
    changes: Vec<LabelChange>,
    deliveries: Vec<Delivery>,
    attempts: Vec<Attempt>,
    reports: Vec<DeliveryReport>,
    suppressed: Vec<Suppression>,
    events: Vec<MessageEvent>,
    hooks: Vec<Hook>,
    truncated: bool,
}

/// The delivery of an event to a webhook.
struct Hook {
    delivery: HookDelivery,
    attempts: Vec<HookAttempt>,
}

impl App {
    /// What happened to a message. `hooks` is the caller's right to read webhooks, not narrowed by
    /// the path, if it has it: without it nothing is said of them.
    ///
    /// # Errors
    /// `not_found`, also for a message hidden from this key.
    pub async fn timeline(
        &self,
        grant: &Grant<perm::MessageRead>,
        hooks: Option<&Grant<perm::WebhookRead>>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<wire::MessageTimeline> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let read = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            gather(view, message)
        });
        let mut story = read.await?;
        if let Some(grant) = hooks {
            let events = story.events.clone();
            let read = self.store().read(grant, move |view| hooked(view, &events));
            let (hooks, cut) = read.await?;
            story.hooks = hooks;
            story.truncated |= cut;
        }
        let entries = entries::tell(&story);
        let message = story.message.ok_or_else(|| Error::not_found("Message"))?;
        Ok(wire::MessageTimeline {
            inbox_id: message.inbox_id.to_string(),
            message_id: message.message_id.to_string(),
            thread_id: message.thread_id.to_string(),
            direction: message.direction.label().to_owned(),
            count: entries.len(),
            truncated: story.truncated,
            entries,
        })
    }
}

/// Reads what is known of a message, but for the webhooks.
fn gather(view: &mut View<'_>, message: Message) -> Result<Story> {
    let content = view.content(message.key)?;
    let story = remains(view, message.key)?;
    Ok(Story {
        origin: view.origin(message.key)?,
        authentication: content.authentication,
        spam: content.spam,
        suppressed: suppressed(view, &message, &story.deliveries, &story.reports)?,
        message: Some(message),
        ..story
    })
}

/// What is known of a message that may be gone.
fn remains(view: &mut View<'_>, key: MessageKey) -> Result<Story> {
    let mut events = view.events_about(key, MOST_EVENTS + 1)?;
    let mut changes = view.label_changes_of(key, MOST_CHANGES + 1)?;
    let truncated = events.len() > MOST_EVENTS || changes.len() > MOST_CHANGES;
    events.truncate(MOST_EVENTS);
    if changes.len() > MOST_CHANGES {
        changes.remove(0);
    }
    Ok(Story {
        message: None,
        origin: None,
        authentication: None,
        spam: None,
        suppressed: Vec::new(),
        deliveries: view.deliveries(key, None)?,
        attempts: view.attempts(key)?,
        reports: view.delivery_reports(key)?,
        changes,
        events,
        hooks: Vec::new(),
        truncated,
    })
}

/// The recipients that are not written to any more because of this message.
fn suppressed(
    view: &mut View<'_>,
    message: &Message,
    deliveries: &[Delivery],
    reports: &[DeliveryReport],
) -> Result<Vec<Suppression>> {
    let mut found = Vec::new();
    for delivery in deliveries {
        let mut own = reports
            .iter()
            .filter(|one| one.delivery_id == delivery.delivery_id);
        if !own.any(|one| one.kind != ReportKind::Delay) {
            continue;
        }
        let Ok(entry) = Entry::parse(&delivery.recipient) else {
            continue;
        };
        match view.suppression(&entry) {
            Ok(one) if one.message_id.as_deref() == Some(message.message_id.as_str()) => {
                found.push(one);
            }
            Ok(_) => {}
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The deliveries of events to webhooks within reach, and whether some are left out.
fn hooked(view: &mut View<'_>, events: &[MessageEvent]) -> Result<(Vec<Hook>, bool)> {
    let (mut hooks, mut cut) = (Vec::new(), false);
    for event in events {
        let room = MOST_HOOKS.min(MOST_HOOKS_IN_ALL.saturating_sub(hooks.len()));
        let mut found = view.hook_deliveries_of(event.seq, room + 1)?;
        cut |= found.len() > room;
        found.truncate(room);
        for delivery in found {
            let attempts = view.hook_attempts(delivery.delivery_id, MOST_TRIES)?;
            hooks.push(Hook { delivery, attempts });
        }
    }
    Ok((hooks, cut))
}

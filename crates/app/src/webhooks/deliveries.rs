//! What became of events on their way to a webhook, and sending them again.

use mail::Timestamp;
use model::page::Page;
use model::webhook::{HookAttempt, HookDelivery};
use model::{Code, DeliveryId, Error, EventId, Result, WebhookId, perm};
use store::{Grant, Position, WebhookRow, delivery_id};
use wire::{ReplayWebhookRequest, ReplayWebhookResponse};

use crate::App;
use crate::jobs::{post_hook, replay_hook};
use crate::paging::Listing;

/// Attempts that are shown of one delivery: the newest.
const ATTEMPTS: i64 = 100;

/// How much earlier than asked a replay begins to look: transactions that overlap may have their
/// times in another order than their places in the log.
const OVERLAP: std::time::Duration = std::time::Duration::from_secs(60);

impl App {
    /// A page of the deliveries to a webhook, newest first.
    ///
    /// # Errors
    /// `not_found`, or `validation_error` for a bad token.
    pub async fn webhook_deliveries(
        &self,
        grant: &Grant<perm::WebhookRead>,
        id: WebhookId,
        page: Page,
    ) -> Result<wire::ListWebhookDeliveriesResponse> {
        let list = Listing::new(self, &format!("deliveries {id}"), grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            let hook = view.webhook(id)?;
            view.hook_deliveries(&hook, from, ascending, fetch)
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |one| Position {
            at: one.created_at.as_micros(),
            key: *one.delivery_id.as_bytes(),
        });
        let deliveries: Vec<_> = found.iter().map(|one| render(one, None)).collect();
        Ok(wire::ListWebhookDeliveriesResponse {
            count: deliveries.len(),
            limit: page.limit,
            next_page_token,
            deliveries,
        })
    }

    /// One delivery with its attempts.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn webhook_delivery(
        &self,
        grant: &Grant<perm::WebhookRead>,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<wire::WebhookDelivery> {
        let found = self.store().read(grant, move |view| {
            let hook = view.webhook(id)?;
            let one = view.hook_delivery(&hook, delivery)?;
            Ok((one, view.hook_attempts(delivery, ATTEMPTS)?))
        });
        let (one, attempts) = found.await?;
        Ok(render(&one, Some(&attempts)))
    }

    /// Makes a delivery again, under the id it has: the whole schedule begins anew.
    ///
    /// # Errors
    /// `not_found`, or `unprocessable` while the webhook is disabled.
    pub async fn redeliver_webhook(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<wire::WebhookDelivery> {
        let now = self.now();
        let job = post_hook::job(id, self.env().ids.ordered(now), now)?;
        let reopened = self.store().write(grant, move |txn| {
            let hook = txn.lock_webhook(id)?;
            txn.hook_delivery(&hook, delivery)?;
            must_be_enabled(&hook)?;
            txn.reopen_hook_delivery(&hook, delivery)?;
            txn.enqueue(&job)?;
            txn.hook_delivery(&hook, delivery)
        });
        Ok(render(&reopened.await?, None))
    }

    /// Posts an event of the type `webhook.test`, which is in no log, the way real ones go.
    ///
    /// # Errors
    /// `not_found`, or `unprocessable` while the webhook is disabled.
    pub async fn test_webhook(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
    ) -> Result<wire::WebhookDelivery> {
        const KIND: &str = "webhook.test";
        let now = self.now();
        let event = EventId::at(0, self.env().ids.random().as_u128());
        let body = serde_json::json!({
            "type": "event",
            "event_type": KIND,
            "event_id": event.to_string(),
            "webhook": {"webhook_id": id.to_string(), "timestamp": now.to_string()},
        });
        let body = body.to_string();
        let job = post_hook::job(id, self.env().ids.ordered(now), now)?;
        let opened = self.store().write(grant, move |txn| {
            let hook = txn.lock_webhook(id)?;
            must_be_enabled(&hook)?;
            txn.open_hook_delivery(&hook, event, 0, KIND, Some(&body))?;
            txn.enqueue(&job)?;
            txn.hook_delivery(&hook, delivery_id(id, event))
        });
        Ok(render(&opened.await?, None))
    }

    /// Posts every event from a place in the log on that is for the webhook, also those it has had,
    /// each under the id it has. At most ten thousand; the work is done in the background.
    ///
    /// # Errors
    /// `validation_error`, `not_found` for the webhook or the event, or `unprocessable` while the
    /// webhook is disabled.
    pub async fn replay_webhook(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
        request: ReplayWebhookRequest,
    ) -> Result<ReplayWebhookResponse> {
        let from = start(&request)?;
        let (now, job_id) = (self.now(), self.env().ids.ordered(self.now()));
        let begun = self.store().write(grant, move |txn| {
            let hook = txn.lock_webhook(id)?;
            must_be_enabled(&hook)?;
            let end = txn.log_end()?;
            let (seq, since) = match from {
                Start::After(event) => (txn.place_of_event(event)?, None),
                Start::Since(at) => (txn.log_before(at.minus(OVERLAP))?, Some(at)),
            };
            let work = replay_hook::ReplayHook::new(id, seq, end, since);
            txn.enqueue(&replay_hook::job(&work, job_id, now)?)?;
            Ok(end - seq)
        });
        Ok(ReplayWebhookResponse {
            webhook_id: id.to_string(),
            events: begun.await?.max(0),
        })
    }
}

/// Where a replay begins.
#[derive(Clone, Copy)]
enum Start {
    After(EventId),
    Since(Timestamp),
}

fn start(request: &ReplayWebhookRequest) -> Result<Start> {
    match (&request.since, &request.after_event_id) {
        (Some(text), None) => {
            let at = Timestamp::parse_rfc3339(text);
            at.map(Start::Since).ok_or_else(|| {
                Error::invalid(
                    "since",
                    "invalid_value",
                    "Expected an RFC 3339 time with its offset",
                )
            })
        }
        (None, Some(text)) => {
            let event = text.parse().map_err(|_| Error::not_found("Event"))?;
            Ok(Start::After(event))
        }
        _ => Err(Error::invalid(
            "since",
            "invalid_value",
            "Must provide exactly one of since and after_event_id",
        )),
    }
}

fn must_be_enabled(hook: &WebhookRow) -> Result<()> {
    if hook.webhook.enabled {
        return Ok(());
    }
    Err(Error::new(Code::Unprocessable, "The webhook is disabled")
        .fix("Enable it first, by an update with enabled set to true."))
}

fn render(one: &HookDelivery, attempts: Option<&[HookAttempt]>) -> wire::WebhookDelivery {
    wire::WebhookDelivery {
        delivery_id: one.delivery_id.to_string(),
        webhook_id: one.webhook_id.to_string(),
        event_id: one.event_id.to_string(),
        event_type: one.kind.clone(),
        status: one.state.name().to_owned(),
        gathered_in: one.gathered_in.map(|id| id.to_string()),
        gathered_count: Some(one.gathered).filter(|count| *count > 0),
        attempt_count: one.attempts,
        last_http_status: one.status,
        last_error: one.error.clone(),
        next_attempt_at: one.due_at.map(|at| at.to_string()),
        attempts: attempts.map(|all| all.iter().map(attempt).collect()),
        updated_at: one.updated_at.to_string(),
        created_at: one.created_at.to_string(),
    }
}

pub(crate) fn attempt(one: &HookAttempt) -> wire::WebhookAttempt {
    wire::WebhookAttempt {
        number: one.number,
        timestamp: one.at.to_string(),
        duration_ms: one.micros / 1000,
        http_status: one.status,
        error: one.error.clone(),
        response: one.answer.clone(),
    }
}

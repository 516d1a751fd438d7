//! Did it go out? What became of a sent message, recipient by recipient.

use std::collections::HashMap;

use mail::MessageId;
use model::{IdempotencyKey, InboxId, Kind, MessageKey, Result, perm};
use store::{Grant, View};
use uuid::Uuid;

use crate::App;

impl App {
    /// Where a message is on its way to each recipient; nothing for one that was received.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn deliveries(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<wire::ListDeliveriesResponse> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let deliveries = told(view, message.key)?;
            Ok((message.message_id, deliveries))
        });
        let (message_id, deliveries) = found.await?;
        Ok(wire::ListDeliveriesResponse {
            message_id: message_id.to_string(),
            count: deliveries.len(),
            deliveries,
        })
    }

    /// The answer that is remembered under an Idempotency-Key, and what became of its message.
    ///
    /// # Errors
    /// `not_found` when nothing was sent under the key, or it was forgotten.
    pub async fn sent_under(
        &self,
        grant: &Grant<perm::MessageRead>,
        key: &IdempotencyKey,
    ) -> Result<wire::Send> {
        let name = key.as_str().to_owned();
        let found = self.store().read(grant, move |view| {
            let answer = view.answer(&name)?;
            // A message that this key may not see keeps its fate to itself.
            let seen = match view.message_of_key(answer.message_key) {
                Ok(_) => true,
                Err(error) if error.kind() == Kind::NotFound => false,
                Err(error) => return Err(error),
            };
            let deliveries = if seen {
                told(view, answer.message_key)?
            } else {
                Vec::new()
            };
            Ok((answer, deliveries))
        });
        let (answer, deliveries) = found.await?;
        Ok(wire::Send {
            idempotency_key: key.to_string(),
            inbox_id: answer.inbox_id.to_string(),
            message_id: answer.message_id.to_string(),
            thread_id: answer.thread_id.to_string(),
            created_at: answer.created_at.to_string(),
            expires_at: answer.expires_at.to_string(),
            deliveries,
        })
    }
}

/// Every delivery of a message with its tries.
fn told(view: &mut View<'_>, message: MessageKey) -> Result<Vec<wire::Delivery>> {
    let deliveries = view.deliveries(message, None)?;
    let mut tries: HashMap<Uuid, Vec<wire::DeliveryAttempt>> = HashMap::new();
    if deliveries.iter().any(|one| one.attempts > 0) {
        for one in view.attempts(message)? {
            let list = tries.entry(one.delivery_id).or_default();
            list.push(attempt(one));
        }
    }
    let mut reports: HashMap<Uuid, Vec<wire::DeliveryReport>> = HashMap::new();
    for one in view.delivery_reports(message)? {
        let list = reports.entry(one.delivery_id).or_default();
        list.push(report(one));
    }
    let deliveries = deliveries.into_iter();
    Ok(deliveries
        .map(|one| {
            let history = tries.remove(&one.delivery_id).unwrap_or_default();
            let reports = reports.remove(&one.delivery_id).unwrap_or_default();
            delivery(one, history, reports)
        })
        .collect())
}

fn delivery(
    delivery: store::Delivery,
    history: Vec<wire::DeliveryAttempt>,
    reports: Vec<wire::DeliveryReport>,
) -> wire::Delivery {
    wire::Delivery {
        recipient: delivery.recipient,
        state: delivery.state.name().to_owned(),
        detail: delivery.detail,
        attempts: delivery.attempts,
        next_attempt_at: delivery.due_at.map(|at| at.to_string()),
        history,
        created_at: delivery.created_at.to_string(),
        updated_at: delivery.updated_at.to_string(),
        reports,
    }
}

pub(crate) fn report(report: store::DeliveryReport) -> wire::DeliveryReport {
    wire::DeliveryReport {
        kind: report.kind.name().to_owned(),
        source: report.source,
        before: report.before,
        class: report.class,
        bounce_type: report.bounce_type,
        sub_type: report.sub_type,
        status: report.status,
        reporter: report.reporter,
        detail: report.detail,
        at: report.at.to_string(),
    }
}

pub(crate) fn attempt(attempt: store::Attempt) -> wire::DeliveryAttempt {
    wire::DeliveryAttempt {
        number: attempt.number,
        timestamp: attempt.at.to_string(),
        duration_ms: attempt.micros / 1000,
        state: attempt.state.name().to_owned(),
        way: attempt.way,
        host: attempt.host,
        address: attempt.address,
        tls: attempt.tls,
        dane: attempt.dane,
        stage: attempt.stage,
        code: attempt.code,
        reply: attempt.reply,
    }
}

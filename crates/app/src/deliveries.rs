//! Did it go out? What became of a sent message, recipient by recipient.

use mail::MessageId;
use model::InboxId;
use model::{IdempotencyKey, Kind, Result, perm};
use store::Grant;

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
            let deliveries = view.deliveries(message.key, None)?;
            Ok((message.message_id, deliveries))
        });
        let (message_id, deliveries) = found.await?;
        Ok(wire::ListDeliveriesResponse {
            message_id: message_id.to_string(),
            count: deliveries.len(),
            deliveries: deliveries.iter().map(delivery).collect(),
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
                view.deliveries(answer.message_key, None)?
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
            deliveries: deliveries.iter().map(delivery).collect(),
        })
    }
}

fn delivery(delivery: &store::Delivery) -> wire::Delivery {
    wire::Delivery {
        recipient: delivery.recipient.clone(),
        state: delivery.state.name().to_owned(),
        detail: delivery.detail.clone(),
        attempts: delivery.attempts,
        created_at: delivery.created_at.to_string(),
        updated_at: delivery.updated_at.to_string(),
    }
}

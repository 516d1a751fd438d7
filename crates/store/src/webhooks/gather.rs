//! Arrivals in one thread that come shortly after one another reach a webhook that wants so in one
//! delivery.
//!
//! The first opens a delivery that waits and takes in what comes meanwhile; each of the others has a
//! delivery of its own, which says where it is told and is posted by itself only when somebody asks.
//! Only the reading of the log adds to a delivery, under the lock of its cursor, and it holds the row of
//! the delivery while it does; whoever is about to post it closes it first.

use std::time::Duration;

use mail::MessageId;
use model::{DeliveryId, EventId, Result, ThreadId};

use super::fan_out::Head;
use super::{WebhookRow, delivery_id, parts};
use crate::db::args;
use crate::txn::Txn;
use crate::view::View;

/// Further arrivals that one delivery tells of. The next one opens another, so that no body grows
/// without end.
const MOST: i64 = 99;

/// An arrival that a delivery tells of beside its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The position of its event in the log.
    pub seq: i64,
    /// Its event.
    pub event_id: EventId,
    /// The public id that its message had when it was gathered.
    pub message_id: MessageId,
}

impl View<'_> {
    /// Where the message that an event tells of is: its thread and its public id, while it is there.
    fn arrival(&mut self, seq: i64) -> Result<Option<(ThreadId, MessageId)>> {
        Ok(self.first(
            "select m.thread_id, m.message_id from event e join message m on m.message_key = e.message_key \
             where {scope:org e} and m.org_id = e.org_id and e.seq = $1",
            args![seq],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// What a delivery tells of beside its own event, in the order in which it happened.
    ///
    /// # Errors
    /// When the store fails.
    pub fn gathered(&mut self, id: DeliveryId) -> Result<Vec<Gathered>> {
        Ok(self.all(
            "select seq, event_id, message_id from webhook_delivery {by webhook_delivery_gathered} \
             where {scope} and gathered_in = $1 order by seq",
            args![id],
            |row| {
                Ok(Gathered {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    message_id: row.get(2)?,
                })
            },
        )?)
    }
}

impl Txn<'_> {
    /// Adds an arrival to the delivery that gathers those of its thread, or opens one that does, to be
    /// posted after `time`. Whether one was opened.
    pub(super) fn gather(
        &mut self,
        hook: &WebhookRow,
        head: &Head,
        time: Duration,
    ) -> Result<bool> {
        let Some((thread, message)) = self.arrival(head.seq)? else {
            // Deleted already: what was said of it is posted as it would be without gathering.
            return self.open_hook_delivery(hook, head.event_id, head.seq, &head.name, None);
        };
        let id = hook.webhook.webhook_id;
        // Other kinds are told apart: a reader that passes over spam must not pass over mail with it.
        let open = self.first(
            "select delivery_id, gathered from webhook_delivery {by webhook_delivery_gathers} \
             where {scope:org} and webhook_id = $1 and gathers = $2 and kind = $3 and epoch = $4 {lock}",
            args![id, thread, &head.name, hook.epoch],
            |row| Ok((row.get::<DeliveryId>(0)?, row.get::<Option<i64>>(1)?)),
        )?;
        if let Some((open, gathered)) = open {
            let count = gathered.unwrap_or(0);
            if count < MOST {
                self.gather_into(hook, (open, count), head, &message)?;
                return Ok(false);
            }
            self.exec(
                "update webhook_delivery set gathers = null where {scope:org} and delivery_id = $1",
                args![open],
            )?;
        }
        if !self.open_hook_delivery(hook, head.event_id, head.seq, &head.name, None)? {
            return Ok(false);
        }
        let due = self.now.plus(time);
        self.exec(
            "update webhook_delivery set gathers = $2, due_at = $3 where {scope:org} and delivery_id = $1",
            args![delivery_id(id, head.event_id), thread, due],
        )?;
        Ok(true)
    }

    /// Adds an arrival to a delivery that is held and has so many.
    fn gather_into(
        &mut self,
        hook: &WebhookRow,
        (open, count): (DeliveryId, i64),
        head: &Head,
        message: &MessageId,
    ) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let id = hook.webhook.webhook_id;
        let (pod, inbox) = parts(&hook.webhook.scope);
        let made = self.exec(
            "insert into webhook_delivery (org_id, pod_id, inbox_id, webhook_id, delivery_id, event_id, seq, \
             kind, epoch, state, attempts, tries, gathered_in, message_id, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'gathered', 0, 0, $10, $11, $12, $12) \
             on conflict (delivery_id) do nothing -- unscoped: the row names its organisation",
            args![
                org_id,
                pod,
                inbox,
                id,
                delivery_id(id, head.event_id),
                head.event_id,
                head.seq,
                &head.name,
                hook.epoch,
                open,
                message,
                now,
            ],
        )?;
        // A replay may have been faster; then the event is posted by itself.
        if made > 0 {
            self.exec(
                "update webhook_delivery set gathered = $2 where {scope:org} and delivery_id = $1",
                args![open, count + 1],
            )?;
        }
        Ok(())
    }

    /// Ends the gathering of what is due to a webhook now, so that what it tells of is the same on every
    /// try.
    ///
    /// # Errors
    /// When the store fails.
    pub fn close_gathering(&mut self, hook: &WebhookRow) -> Result<()> {
        let now = self.now;
        self.exec(
            "update webhook_delivery {by webhook_delivery_due} set gathers = null \
             where {scope} and webhook_id = $1 and epoch = $2 and due_at <= $3 and gathers is not null",
            args![hook.webhook.webhook_id, hook.epoch, now],
        )?;
        Ok(())
    }
}

//! Deliveries of events to webhooks, and the attempts to make them.

use mail::Timestamp;
use model::webhook::{HookAttempt, HookDelivery, HookState};
use model::{DeliveryId, Error, EventId, EventKind, Result, ThreadId, WebhookId};
use uuid::Uuid;

use super::{Gathered, WebhookRow, parts};
use crate::db::{DbError, DbResult, Row, args};
use crate::events::LogEntry;
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "d.delivery_id, d.webhook_id, d.event_id, d.seq, d.kind, d.state, d.attempts, d.tries, \
    d.due_at, d.status, d.error, d.created_at, d.updated_at, d.gathered_in, d.gathered";

/// A delivery that is to be made now.
#[derive(Clone, Debug)]
pub struct DueHook {
    /// Which one.
    pub delivery: HookDelivery,
    /// What is posted, where it is in no log.
    pub body: Option<String>,
    /// Whether it still takes in further arrivals.
    pub gathers: bool,
    /// What it tells of beside its own event.
    pub gathered: Vec<Gathered>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    /// How the delivery stands now.
    pub state: HookState,
    /// When it is tried again.
    pub due_at: Option<Timestamp>,
    /// When the attempt began.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub micros: i64,
    /// The HTTP status, if an answer came.
    pub status: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// The start of the answer's body.
    pub answer: Option<String>,
}

/// The id of an event's delivery to a webhook. It follows from both, so that whoever delivers it,
/// and however often, the receiver can tell that it has it already.
#[must_use]
pub fn delivery_id(webhook: WebhookId, event: EventId) -> DeliveryId {
    let mut hash = blake3::Hasher::new();
    hash.update(webhook.as_bytes()).update(event.as_bytes());
    let mut id = [0; 16];
    hash.finalize_xof().fill(&mut id);
    DeliveryId::new(Uuid::from_bytes(id))
}

fn read(row: &Row<'_>) -> DbResult<HookDelivery> {
    Ok(HookDelivery {
        delivery_id: row.get(0)?,
        webhook_id: row.get(1)?,
        event_id: row.get(2)?,
        seq: row.get(3)?,
        kind: row.get(4)?,
        state: HookState::parse(row.text(5)?).ok_or_else(|| DbError::shape(5))?,
        attempts: row.get(6)?,
        tries: row.get(7)?,
        due_at: row.get(8)?,
        status: row.get(9)?,
        error: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        gathered_in: row.get(13)?,
        gathered: row.get::<Option<i64>>(14)?.unwrap_or(0),
    })
}

impl View<'_> {
    /// A page of a webhook's deliveries, newest first unless `ascending`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hook_deliveries(
        &mut self,
        hook: &WebhookRow,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<HookDelivery>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let sql = format!(
            "select {COLUMNS}, d.epoch from webhook_delivery d where {{scope d}} and d.webhook_id = $4 \
             and (d.created_at, d.delivery_id) {side} ($1, $2) \
             order by d.created_at {order}, d.delivery_id {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let id = hook.webhook.webhook_id;
        let values = args![from.at, from.key.as_slice(), limit, id];
        Ok(self.all(&sql, values, |row| of_webhook(hook, row))?)
    }

    /// One delivery of a webhook.
    ///
    /// # Errors
    /// `not_found` when the webhook has none of this id.
    pub fn hook_delivery(&mut self, hook: &WebhookRow, id: DeliveryId) -> Result<HookDelivery> {
        let sql = format!(
            "select {COLUMNS}, d.epoch from webhook_delivery d \
             where {{scope d}} and d.delivery_id = $1 and d.webhook_id = $2"
        );
        let values = args![id, hook.webhook.webhook_id];
        let found = self.first(&sql, values, |row| of_webhook(hook, row))?;
        found.ok_or_else(|| Error::not_found("Delivery"))
    }

    /// The deliveries of the event at `seq` to the webhooks within reach, the first one first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hook_deliveries_of(&mut self, seq: i64, limit: usize) -> Result<Vec<HookDelivery>> {
        let sql = format!(
            "select {COLUMNS}, d.epoch, w.epoch, w.enabled from webhook_delivery d {{by webhook_delivery_event}} \
             join webhook w on w.webhook_id = d.webhook_id where {{scope d}} and d.seq = $1 limit $2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut found = self.all(&sql, args![seq, limit], |row| {
            let stale = row.get::<i64>(15)? != row.get::<i64>(16)? || row.get::<i64>(17)? == 0;
            read(row).map(|delivery| unless_stale(delivery, stale))
        })?;
        found.sort_by_key(|one| (one.created_at, *one.delivery_id.as_bytes()));
        Ok(found)
    }

    /// The attempts of a delivery, the first one first, at most `limit` and the newest of them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hook_attempts(&mut self, id: DeliveryId, limit: i64) -> Result<Vec<HookAttempt>> {
        let mut found = self.all(
            "select number, at, micros, status, error, answer from webhook_attempt \
             where {scope} and delivery_id = $1 order by number desc limit $2",
            args![id, limit],
            |row| {
                Ok(HookAttempt {
                    number: row.get(0)?,
                    at: row.get(1)?,
                    micros: row.get(2)?,
                    status: row.get(3)?,
                    error: row.get(4)?,
                    answer: row.get(5)?,
                })
            },
        )?;
        found.reverse();
        Ok(found)
    }

    /// The deliveries of a webhook that are due, the longest due first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn due_hooks(&mut self, hook: &WebhookRow, limit: i64) -> Result<Vec<DueHook>> {
        let now = self.now();
        let sql = format!(
            "select {COLUMNS}, d.body, d.gathers from webhook_delivery d where {{scope d}} and d.webhook_id = $1 \
             and d.epoch = $2 and d.due_at <= $3 order by d.due_at limit $4"
        );
        let values = args![hook.webhook.webhook_id, hook.epoch, now, limit];
        let mut due = self.all(&sql, values, |row| {
            Ok(DueHook {
                delivery: read(row)?,
                body: row.get(15)?,
                gathers: row.get::<Option<ThreadId>>(16)?.is_some(),
                gathered: Vec::new(),
            })
        })?;
        for one in due.iter_mut().filter(|one| one.delivery.gathered > 0) {
            one.gathered = self.gathered(one.delivery.delivery_id)?;
        }
        Ok(due)
    }

    /// When the next delivery of a webhook is due.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next_hook_due(&mut self, hook: &WebhookRow) -> Result<Option<Timestamp>> {
        let next = self.first(
            "select due_at from webhook_delivery where {scope} and webhook_id = $1 and epoch = $2 \
             and due_at is not null order by due_at limit 1",
            args![hook.webhook.webhook_id, hook.epoch],
            |row| row.get(0),
        )?;
        Ok(next)
    }

    /// The event at `seq` as readers get it.
    ///
    /// # Errors
    /// `not_found` when it is not in the log, or not within reach.
    pub fn log_entry(&mut self, seq: i64) -> Result<LogEntry> {
        let (entries, _) = self.log_after(seq - 1, 1)?;
        let found = entries.into_iter().find(|entry| entry.seq == seq);
        found.ok_or_else(|| Error::not_found("Event"))
    }

    /// The position of an event.
    ///
    /// # Errors
    /// `not_found` when it is not in the log, or not within reach.
    pub fn place_of_event(&mut self, event: EventId) -> Result<i64> {
        let found = self.first(
            "select seq from event where {scope} and {seen} and seq = $1 and event_id = $2",
            args![event.seq(), event],
            |row| row.get(0),
        )?;
        found.ok_or_else(|| Error::not_found("Event"))
    }

    /// The last position of the log before `at`. Found by halving: the times in the log rise but for
    /// transactions that overlap.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_before(&mut self, at: Timestamp) -> Result<i64> {
        let (mut low, mut high) = (0, self.log_end()?);
        while low < high {
            let middle = low + (high - low) / 2 + 1;
            // Not every number has an event: some were removed, and a restore passes over many.
            let next = self.first(
                "select at from event where {scope:org} and seq >= $1 order by seq limit 1",
                args![middle],
                |row| row.get::<Timestamp>(0),
            )?;
            if next.is_some_and(|next| next < at) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }
}

/// A delivery made before its webhook was disabled waits for nothing.
fn of_webhook(hook: &WebhookRow, row: &Row<'_>) -> DbResult<HookDelivery> {
    let stale = row.get::<i64>(15)? != hook.epoch || !hook.webhook.enabled;
    read(row).map(|delivery| unless_stale(delivery, stale))
}

fn unless_stale(mut delivery: HookDelivery, stale: bool) -> HookDelivery {
    if stale && delivery.state == HookState::Pending {
        delivery.state = HookState::Cancelled;
        delivery.due_at = None;
    }
    delivery
}

impl Txn<'_> {
    /// Adds a delivery that is due now; `false` if the webhook has the event already.
    ///
    /// # Errors
    /// When the store fails.
    pub fn open_hook_delivery(
        &mut self,
        hook: &WebhookRow,
        event: EventId,
        seq: i64,
        kind: &str,
        body: Option<&str>,
    ) -> Result<bool> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let id = hook.webhook.webhook_id;
        let (pod, inbox) = parts(&hook.webhook.scope);
        let made = self.exec(
            "insert into webhook_delivery (org_id, pod_id, inbox_id, webhook_id, delivery_id, event_id, seq, \
             kind, epoch, state, attempts, tries, due_at, body, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', 0, 0, $10, $11, $10, $10) \
             on conflict (delivery_id) do nothing -- unscoped: the row names its organisation",
            args![
                org_id,
                pod,
                inbox,
                id,
                delivery_id(id, event),
                event,
                seq,
                kind,
                hook.epoch,
                now,
                body,
            ],
        )?;
        Ok(made > 0)
    }

    /// Makes a delivery due again, with the whole schedule before it. One that gathers takes in
    /// nothing more; one whose event another delivery tells of is posted by itself.
    ///
    /// # Errors
    /// `not_found` when the webhook has none of this id.
    pub fn reopen_hook_delivery(&mut self, hook: &WebhookRow, id: DeliveryId) -> Result<()> {
        let now = self.now;
        let changed = self.exec(
            "update webhook_delivery set state = 'pending', tries = 0, due_at = $4, epoch = $3, updated_at = $4, \
             gathers = null where {scope} and delivery_id = $1 and webhook_id = $2",
            args![id, hook.webhook.webhook_id, hook.epoch, now],
        )?;
        if changed == 0 {
            return Err(Error::not_found("Delivery"));
        }
        Ok(())
    }

    /// Opens the delivery of an event, or makes the one there is due again.
    ///
    /// # Errors
    /// When the store fails.
    pub fn replay_hook_delivery(
        &mut self,
        hook: &WebhookRow,
        event: EventId,
        seq: i64,
        kind: EventKind,
    ) -> Result<()> {
        if self.open_hook_delivery(hook, event, seq, kind.name(), None)? {
            return Ok(());
        }
        self.reopen_hook_delivery(hook, delivery_id(hook.webhook.webhook_id, event))
    }

    /// Writes down an attempt and how its delivery stands after it; `false` if the delivery is
    /// gone.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle_hook(&mut self, id: DeliveryId, end: &AttemptEnd) -> Result<bool> {
        let now = self.now;
        let number = self.first(
            "update webhook_delivery set state = $2, due_at = $3, status = $4, error = $5, updated_at = $6, \
             attempts = attempts + 1, tries = tries + 1 where {scope} and delivery_id = $1 \
             returning attempts",
            args![
                id,
                end.state.name(),
                end.due_at,
                end.status,
                end.error.as_deref(),
                now,
            ],
            |row| row.get::<i64>(0),
        )?;
        let Some(number) = number else {
            return Ok(false);
        };
        self.exec(
            "insert into webhook_attempt (org_id, pod_id, inbox_id, webhook_id, delivery_id, number, at, micros, \
             status, error, answer) select org_id, pod_id, inbox_id, webhook_id, delivery_id, $2, $3, $4, $5, \
             $6, $7 from webhook_delivery where {scope} and delivery_id = $1",
            args![
                id,
                number,
                end.at,
                end.micros,
                end.status,
                end.error.as_deref(),
                end.answer.as_deref(),
            ],
        )?;
        Ok(true)
    }

    /// Remembers that a webhook takes what it gets.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hook_works(&mut self, id: WebhookId) -> Result<()> {
        self.exec(
            "update webhook set failing_since = null \
             where {scope} and webhook_id = $1 and failing_since is not null",
            args![id],
        )?;
        Ok(())
    }

    /// Remembers since when every attempt at a webhook has failed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hook_fails(&mut self, id: WebhookId) -> Result<()> {
        let now = self.now;
        self.exec(
            "update webhook set failing_since = $2 \
             where {scope} and webhook_id = $1 and failing_since is null",
            args![id, now],
        )?;
        Ok(())
    }

    /// Removes up to `slice` deliveries of a webhook that is gone; whether any may be left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_hook(&mut self, id: WebhookId, slice: i64) -> Result<bool> {
        let ids = self.all(
            "select delivery_id from webhook_delivery where {scope} and webhook_id = $1 limit $2",
            args![id, slice],
            |row| row.get(0),
        )?;
        self.forget_hook_deliveries(&ids)?;
        Ok(!ids.is_empty())
    }

    /// Removes up to `slice` deliveries of the organisation that were last touched before `end`;
    /// whether any may be left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn expire_hooks(&mut self, end: Timestamp, slice: i64) -> Result<bool> {
        let ids = self.all(
            "select delivery_id from webhook_delivery where {scope:org} and updated_at < $1 limit $2",
            args![end, slice],
            |row| row.get(0),
        )?;
        self.forget_hook_deliveries(&ids)?;
        Ok(!ids.is_empty())
    }

    fn forget_hook_deliveries(&mut self, ids: &[DeliveryId]) -> Result<()> {
        for id in ids {
            self.exec(
                "delete from webhook_attempt where {scope} and delivery_id = $1",
                args![*id],
            )?;
            self.exec(
                "delete from webhook_delivery where {scope} and delivery_id = $1",
                args![*id],
            )?;
        }
        Ok(())
    }
}

//! Deliveries: one sent message on its way to one recipient.

use mail::Timestamp;
use model::{Error, InboxKey, MessageKey, PodId, Result};
use uuid::Uuid;

use crate::db::{DbError, DbResult, Row, args};
use crate::messages::NewMessage;
use crate::txn::Txn;
use crate::view::View;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its first try.
    Queued,
    /// Was put off; will be tried again.
    Deferred,
    /// The recipient's server has taken it.
    Delivered,
    /// The sandbox has taken it: it did not leave this machine.
    Sandboxed,
    /// It will never arrive.
    Bounced,
}

impl DeliveryState {
    const ALL: [Self; 5] = [
        Self::Queued,
        Self::Deferred,
        Self::Delivered,
        Self::Sandboxed,
        Self::Bounced,
    ];

    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Sandboxed => "sandboxed",
            Self::Bounced => "bounced",
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Sandboxed | Self::Bounced)
    }
}

/// One recipient of a sent message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its row.
    pub delivery_id: Uuid,
    /// The message.
    pub message_key: MessageKey,
    /// The pod of the sending inbox.
    pub pod_id: PodId,
    /// The sending inbox.
    pub inbox_key: InboxKey,
    /// The recipient's address.
    pub recipient: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// In words, from the last try.
    pub detail: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried again, while it is put off.
    pub due_at: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its state was last written down.
    pub updated_at: Timestamp,
}

/// How a delivery stands after a try.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// How far it has come.
    pub state: DeliveryState,
    /// In words.
    pub detail: &'a str,
    /// When it is tried again; `None` when it is over.
    pub due_at: Option<Timestamp>,
    /// What was tried; `None` when nothing was, because its destination is known to be down.
    pub attempt: Option<&'a Attempt>,
}

/// One try of one delivery, as the other server answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Which try it was, from one. Given by the store.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub micros: i64,
    /// What came of it.
    pub state: DeliveryState,
    /// `direct`, or `relay` and its name.
    pub way: String,
    /// The server that was asked last.
    pub host: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// The protection of the connection, in words; `None` without any.
    pub tls: Option<String>,
    /// What TLSA records said of the server's certificate: `none`, `valid`, `mismatch` or
    /// `unvalidated`; `None` where they were not looked up.
    pub dane: Option<String>,
    /// How far the conversation had come: `connect`, `greeting`, `rcpt` and so on.
    pub stage: String,
    /// The code of the reply, if there was one.
    pub code: Option<i64>,
    /// The words of the other server, or what went wrong before it had any.
    pub reply: String,
}

impl Txn<'_> {
    /// Opens the delivery of a message just filed to one recipient.
    ///
    /// # Errors
    /// `not_found` when the inbox is out of reach, or when the store fails.
    pub fn open_delivery(
        &mut self,
        message: &NewMessage,
        delivery_id: Uuid,
        recipient: &str,
        domain: &str,
    ) -> Result<()> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let inbox = &message.inbox;
        let reached = self.access.reaches(inbox.pod_id, Some(inbox.inbox_key));
        if inbox.org_id != org_id || !reached {
            return Err(Error::not_found("Inbox"));
        }
        self.exec(
            "insert into delivery (org_id, pod_id, inbox_id, delivery_id, message_key, recipient, domain, state, \
             attempts, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, $8) \
             -- unscoped: the row names its organisation",
            args![
                org_id,
                message.inbox.pod_id,
                message.inbox.inbox_key,
                delivery_id.as_bytes().as_slice(),
                message.key,
                recipient,
                domain,
                now,
            ],
        )?;
        Ok(())
    }

    /// Removes what is known of the deliveries of a message that is gone, but for those still on
    /// their way: what was promised to be sent is sent.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_deliveries(&mut self, message_key: &[u8]) -> Result<()> {
        self.exec(
            "delete from delivery where {scope} and message_key = $1 \
             and state not in ('queued', 'deferred')",
            args![message_key],
        )?;
        self.exec(
            "delete from delivery_attempt where {scope} and message_key = $1",
            args![message_key],
        )?;
        self.forget_reports(message_key)
    }

    /// Writes down how a try ended.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle_delivery(&mut self, id: Uuid, state: DeliveryState, detail: &str) -> Result<()> {
        let now = self.now;
        self.put(
            "update delivery set state = $2, detail = $3, due_at = null, attempts = attempts + 1, updated_at = $4 \
             where {scope} and delivery_id = $1",
            args![id.as_bytes().as_slice(), state.name(), detail, now],
        )?;
        Ok(())
    }

    /// Writes down how a try ended that asked another server, or was spared because that server is
    /// known to be down (`tries` is then 0). `delivery` is as it was before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle_try(
        &mut self,
        delivery: &Delivery,
        settled: &Settled<'_>,
        tries: i64,
    ) -> Result<()> {
        let (now, id) = (self.now, delivery.delivery_id.as_bytes().as_slice());
        self.put(
            "update delivery set state = $2, detail = $3, due_at = $4, attempts = attempts + $5, updated_at = $6 \
             where {scope} and delivery_id = $1",
            args![
                id,
                settled.state.name(),
                settled.detail,
                settled.due_at,
                tries,
                now
            ],
        )?;
        let Some(attempt) = settled.attempt else {
            return Ok(());
        };
        if !self
            .access
            .reaches(delivery.pod_id, Some(delivery.inbox_key))
        {
            return Err(Error::not_found("Inbox"));
        }
        let (org_id, number) = (self.access.org_id(), delivery.attempts + tries);
        self.put(
            "insert into delivery_attempt (org_id, pod_id, inbox_id, message_key, delivery_id, number, at, \
             micros, state, way, host, address, tls, stage, code, reply, dane) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
             on conflict (message_key, delivery_id, number) do nothing \
             -- unscoped: the row repeats the tenant of the delivery just written",
            args![
                org_id,
                delivery.pod_id,
                delivery.inbox_key,
                delivery.message_key,
                id,
                number,
                attempt.at,
                attempt.micros,
                attempt.state.name(),
                &attempt.way,
                attempt.host.as_deref(),
                attempt.address.as_deref(),
                attempt.tls.as_deref(),
                &attempt.stage,
                attempt.code,
                &attempt.reply,
                attempt.dane.as_deref()
            ],
        )?;
        Ok(())
    }
}

impl View<'_> {
    /// The deliveries of a message to one domain, or all of them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn deliveries(
        &mut self,
        message: MessageKey,
        domain: Option<&str>,
    ) -> Result<Vec<Delivery>> {
        let only = if domain.is_some() {
            "and domain = $2"
        } else {
            ""
        };
        let sql = format!(
            "select delivery_id, recipient, state, detail, attempts, created_at, updated_at, due_at, \
             message_key, pod_id, inbox_id from delivery \
             where {{scope}} and message_key = $1 {only}"
        );
        let args = args![message, domain];
        let given = if domain.is_some() { args } else { &args[..1] };
        let mut rows = self.all(&sql, given, |row| {
            Ok(Delivery {
                delivery_id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
                recipient: row.get(1)?,
                state: state(row, 2)?,
                detail: row.get(3)?,
                attempts: row.get(4)?,
                due_at: row.get(7)?,
                message_key: row.get(8)?,
                pod_id: row.get(9)?,
                inbox_key: row.get(10)?,
                created_at: row.get(5)?,
                updated_at: row.get(6)?,
            })
        })?;
        // Sorted here: asked for the order, PostgreSQL walks the primary key through every delivery
        // as long as it has no statistics of the table.
        rows.sort_unstable_by_key(|delivery| delivery.delivery_id);
        Ok(rows)
    }

    /// Whether a delivery of a message is put off.
    ///
    /// # Errors
    /// When the store fails.
    pub fn has_deferred(&mut self, message: MessageKey) -> Result<bool> {
        let found = self.first(
            "select 1 from delivery where {scope} and message_key = $1 and state = 'deferred' limit 1",
            args![message],
            |row| row.get::<i64>(0),
        )?;
        Ok(found.is_some())
    }

    /// Every try of every delivery of a message that asked another server: by delivery, then in
    /// their order.
    ///
    /// # Errors
    /// When the store fails.
    pub fn attempts(&mut self, message: MessageKey) -> Result<Vec<Attempt>> {
        let rows = self.all(
            "select delivery_id, number, at, micros, state, way, host, address, tls, stage, code, reply, dane \
             from delivery_attempt where {scope} and message_key = $1 order by delivery_id, number",
            args![message],
            |row| {
                Ok(Attempt {
                    delivery_id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
                    number: row.get(1)?,
                    at: row.get(2)?,
                    micros: row.get(3)?,
                    state: state(row, 4)?,
                    way: row.get(5)?,
                    host: row.get(6)?,
                    address: row.get(7)?,
                    tls: row.get(8)?,
                    stage: row.get(9)?,
                    code: row.get(10)?,
                    reply: row.get(11)?,
                    dane: row.get(12)?,
                })
            },
        );
        rows.map_err(Error::from)
    }
}

fn state(row: &Row<'_>, column: usize) -> DbResult<DeliveryState> {
    let name = row.text(column)?;
    DeliveryState::ALL
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(|| DbError::shape(column))
}

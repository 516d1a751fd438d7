//! Deliveries: one sent message on its way to one recipient.

use mail::Timestamp;
use model::{Error, MessageKey, Result};
use uuid::Uuid;

use crate::db::{DbError, args};
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
    /// The recipient's address.
    pub recipient: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// In words, from the last try.
    pub detail: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its state was last written down.
    pub updated_at: Timestamp,
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
        Ok(())
    }

    /// Writes down how a try ended.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle_delivery(&mut self, id: Uuid, state: DeliveryState, detail: &str) -> Result<()> {
        let now = self.now;
        self.exec(
            "update delivery set state = $2, detail = $3, attempts = attempts + 1, updated_at = $4 \
             where {scope} and delivery_id = $1",
            args![id.as_bytes().as_slice(), state.name(), detail, now],
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
            "select delivery_id, recipient, state, detail, attempts, created_at, updated_at from delivery \
             where {{scope}} and message_key = $1 {only} order by delivery_id"
        );
        let args = args![message, domain];
        let given = if domain.is_some() { args } else { &args[..1] };
        let rows = self.all(&sql, given, |row| {
            let state = row.text(2)?;
            let state = DeliveryState::ALL
                .into_iter()
                .find(|known| known.name() == state);
            Ok(Delivery {
                delivery_id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
                recipient: row.get(1)?,
                state: state.ok_or_else(|| DbError::shape(2))?,
                detail: row.get(3)?,
                attempts: row.get(4)?,
                created_at: row.get(5)?,
                updated_at: row.get(6)?,
            })
        });
        rows.map_err(Error::from)
    }
}

//! Claims: of several requests that wait for mail, one alone is given a message.

use mail::Timestamp;
use model::message::Message;
use model::{InboxKey, MessageKey, Result};

use crate::db::args;
use crate::txn::Txn;

impl Txn<'_> {
    /// Claims a message, until `expires_at` or for good; `false` when somebody else has it.
    ///
    /// # Errors
    /// `not_found` when it is gone or hidden from the access, or when the store fails.
    pub fn claim_message(
        &mut self,
        message: &Message,
        expires_at: Option<Timestamp>,
    ) -> Result<bool> {
        // With the inbox held, it cannot be deleted before the claim stands.
        self.lock_inbox(message.inbox_key)?;
        let message = self.message_of_key(message.key)?;
        let now = self.now;
        let made = self.exec(
            "insert into message_claim (org_id, pod_id, inbox_id, message_key, claimed_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (message_key) do update set \
             claimed_at = excluded.claimed_at, expires_at = excluded.expires_at \
             where message_claim.expires_at <= $5 -- unscoped: the row repeats the tenant of the message just read",
            args![message.org_id, message.pod_id, message.inbox_key, message.key, now, expires_at],
        )?;
        Ok(made > 0)
    }

    /// Forgets the claim on a message that is deleted.
    pub(crate) fn forget_claim(&mut self, inbox: InboxKey, key: MessageKey) -> Result<()> {
        self.put(
            "delete from message_claim where {scope} and inbox_id = $1 and message_key = $2",
            args![inbox, key],
        )?;
        Ok(())
    }
}

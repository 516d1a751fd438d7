//! Tickets for sockets: what stands in a URL in place of a key, once and for a minute.

use std::time::Duration;

use data_encoding::HEXLOWER;
use model::{Result, perm};
use store::{Access, Credential, Grant};

use crate::App;

/// How every ticket begins, by which it is told from a key.
pub const TICKET_PREFIX: &str = "am_ticket_";

/// How long a ticket can be used.
const LIFETIME: Duration = Duration::from_secs(60);

impl App {
    /// Makes a ticket of the caller's key, for as much as the path names. It opens one socket; what
    /// that may do is what the key may do.
    ///
    /// # Errors
    /// `limit_exceeded` when the key has too many that nobody used.
    pub async fn create_socket_ticket(
        &self,
        grant: &Grant<perm::Authenticated>,
    ) -> Result<wire::SocketTicket> {
        let random = HEXLOWER.encode(&self.env().ids.bytes::<32>());
        let ticket = format!("{TICKET_PREFIX}{random}");
        let hashed = Credential::new(&ticket);
        let end = self
            .store()
            .write(grant, move |txn| txn.issue_ticket(&hashed, LIFETIME));
        Ok(wire::SocketTicket {
            expires_at: end.await?.to_string(),
            ticket,
        })
    }

    /// The access for which a ticket was made. It opens nothing a second time.
    ///
    /// # Errors
    /// `unknown_api_key` when it was used, has expired or never was, or its key is gone.
    pub async fn redeem_socket_ticket(&self, ticket: &str) -> Result<Access> {
        self.store().redeem_ticket(Credential::new(ticket)).await
    }
}

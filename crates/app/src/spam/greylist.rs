//! Putting off clients that were never seen before: most of those that send spam do not come again.

use std::net::IpAddr;

use mail::Address;
use model::{OrgId, Result, perm};
use smtp::Envelope;
use store::{Grant, Reason};

use crate::App;

impl App {
    /// How many seconds the client has to wait before it may send this to `to`, an address of the
    /// organisation; `None` when it may at once.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn greylisted(
        &self,
        envelope: &Envelope,
        to: &Address,
        org_id: OrgId,
    ) -> Result<Option<u64>> {
        let wait = self.settings().filtering.greylist;
        let relays = &self.settings().judging.trusted_relays;
        let by_relay = relays.iter().any(|net| net.contains(envelope.peer.ip()));
        if wait.is_zero() || by_relay || self.is_own_machine(envelope) {
            return Ok(None);
        }
        let mark = mark(envelope, to);
        let access = self.store().system(org_id, Reason::Reception);
        let grant: Grant<perm::Authenticated> = access.grant()?;
        let noted = self
            .store()
            .write(&grant, move |txn| txn.greylist(&mark, wait));
        let now = self.now();
        Ok(noted.await?.map(|at| at.since(now).as_secs() + 1))
    }
}

/// Stands for the client's network, the sender and the recipient. Large senders try again from
/// another machine of the same network.
fn mark(envelope: &Envelope, to: &Address) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    match envelope.peer.ip().to_canonical() {
        IpAddr::V4(four) => hash.update(&four.octets()[..3]),
        IpAddr::V6(six) => hash.update(&six.octets()[..8]),
    };
    let from = envelope.reverse_path.as_ref().map(Address::key);
    for text in [from.unwrap_or_default(), to.key()] {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    *hash.finalize().as_bytes()
}

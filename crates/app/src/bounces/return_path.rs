//! The return path: `bounce+<token>@<host>`.
//!
//! The token is the id of a delivery and a code that only this server can make, so that nobody can
//! report about a message that was not sent to them, or find out which return paths there are. The
//! recipients of one message in one domain share a transaction and therefore a return path; which
//! of them a report is about, the report says.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use mail::{Address, Timestamp};
use model::Result;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::App;

/// What return paths begin with.
const PREFIX: &str = "bounce+";

/// Octets of the code. Guessing one takes 2^63 tries over the network.
const CODE: usize = 8;

/// How long the host for a domain is remembered.
const FRESH: Duration = Duration::from_secs(30);

/// How many domains are remembered.
const CAPACITY: usize = 10_000;

/// Makes and recognises return paths.
pub(crate) struct ReturnPaths {
    key: [u8; 32],
    hosts: Mutex<HashMap<String, (String, Timestamp)>>,
}

impl ReturnPaths {
    /// With a key that is derived from the master key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            hosts: Mutex::default(),
        }
    }

    fn code(&self, delivery: Uuid) -> [u8; CODE] {
        let mut code = [0; CODE];
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        hash.update(delivery.as_bytes());
        hash.finalize_xof().fill(&mut code);
        code
    }

    /// The local part of the return path of a delivery.
    pub(crate) fn local_part(&self, delivery: Uuid) -> String {
        let token = [&delivery.as_bytes()[..], &self.code(delivery)].concat();
        let token = BASE32_NOPAD.encode(&token).to_ascii_lowercase();
        format!("{PREFIX}{token}")
    }

    /// The delivery whose return path this is. Domains do not matter: the code says that the
    /// server made it.
    pub(crate) fn delivery(&self, address: &Address) -> Option<Uuid> {
        let local = address.local().to_ascii_lowercase();
        let token = local.strip_prefix(PREFIX)?.to_ascii_uppercase();
        let token = BASE32_NOPAD.decode(token.as_bytes()).ok()?;
        let (id, code) = token.split_first_chunk::<16>()?;
        let delivery = Uuid::from_bytes(*id);
        bool::from(self.code(delivery).ct_eq(code)).then_some(delivery)
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, (String, Timestamp)>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Where reports about a delivery of the inbox at `from` come back to: under the return path
    /// host of its domain if that is verified, otherwise under the operator's domain, which is
    /// sure to receive.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn return_path(&self, from: &str, delivery: Uuid) -> Result<Option<Address>> {
        let paths = &self.0.return_paths;
        let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
        let host = self.return_host(domain).await?;
        let path = format!("{}@{host}", paths.local_part(delivery));
        Ok(Address::parse(&path).ok())
    }

    async fn return_host(&self, domain: &str) -> Result<String> {
        let (paths, now) = (&self.0.return_paths, self.now());
        if let Some((host, at)) = paths.hosts().get(domain)
            && *at <= now
            && now.since(*at) < FRESH
        {
            return Ok(host.clone());
        }
        let verified = self.store().verified_domain(domain.to_owned()).await?;
        let host = verified.map_or_else(
            || self.settings().default_domain.clone(),
            |domain| format!("{}.{domain}", model::domain::RETURN_PATH),
        );
        let mut hosts = paths.hosts();
        if hosts.len() >= CAPACITY {
            hosts.clear();
        }
        hosts.insert(domain.to_owned(), (host.clone(), now));
        Ok(host)
    }

    /// The delivery that mail to this address is about, if it is a return path of this server.
    pub(crate) fn returned_delivery(&self, address: &Address) -> Option<Uuid> {
        self.0.return_paths.delivery(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(local: &str) -> Address {
        Address::parse(&format!("{local}@mail.a.example")).unwrap()
    }

    #[test]
    fn a_return_path_is_known_again_in_any_case_and_by_nobody_else() {
        let paths = ReturnPaths::new([1; 32]);
        let delivery = Uuid::from_u128(0x0123_4567_89ab_cdef);
        let local = paths.local_part(delivery);
        assert!(local.len() <= 64, "{local}");
        assert_eq!(paths.delivery(&address(&local)), Some(delivery));
        let upper = local.to_ascii_uppercase();
        assert_eq!(paths.delivery(&address(&upper)), Some(delivery));
        assert_eq!(ReturnPaths::new([2; 32]).delivery(&address(&local)), None);
        for index in PREFIX.len()..local.len() {
            let mut forged: Vec<char> = local.chars().collect();
            forged[index] = if forged[index] == 'a' { 'b' } else { 'a' };
            let forged: String = forged.into_iter().collect();
            assert_eq!(paths.delivery(&address(&forged)), None, "{forged}");
        }
        for other in ["bounce", "bounce+", "bounce+x", "ann", "bounce+aaaaaaaa"] {
            assert_eq!(paths.delivery(&address(other)), None);
        }
    }
}

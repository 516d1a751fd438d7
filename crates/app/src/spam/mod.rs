//! Whether an arriving message looks unwanted: what the client's names and addresses say, block lists
//! in the DNS, and rspamd for those who run one.
//!
//! Every signal is a number of points with its reason; enough points make the label `spam`. Signals
//! that cannot be had in time count nothing, so a list or a filter that is down costs no mail.

mod client;
mod greylist;
mod rspamd;

use std::time::Duration;

use bytes::Bytes;
use model::message::{Signal, Spam};
use smtp::Envelope;
use sys::dial::{Allowed, Dialer, Policy};
use url::{Host, Url};

use crate::App;

pub use self::client::reversed;
pub(crate) use self::rspamd::Rspamd;

/// How unwanted mail is known.
#[derive(Clone, Debug)]
pub struct Filtering {
    /// So many points make a message spam; 0 asks for no signals at all.
    pub threshold: u32,
    /// Block lists in the DNS, with the points of a listed address.
    pub block_lists: Vec<(String, u32)>,
    /// Where rspamd takes messages to be judged.
    pub rspamd: Option<Url>,
    /// Who is asked whether a message tries to steer an agent.
    pub judge: Option<Url>,
    /// How long a client that was never seen before is put off; zero takes it at once.
    pub greylist: Duration,
    /// How long all signals together may take.
    pub patience: Duration,
}

impl Default for Filtering {
    fn default() -> Self {
        Self {
            threshold: 10,
            block_lists: Vec::new(),
            rspamd: None,
            judge: None,
            greylist: Duration::ZERO,
            patience: Duration::from_secs(10),
        }
    }
}

/// A signal.
fn signal(code: &'static str, points: u32, detail: impl Into<String>) -> Signal {
    Signal {
        code: code.to_owned(),
        points,
        detail: detail.into(),
    }
}

impl App {
    /// Gathers the signals about a message of a stranger; `None` when none are wanted.
    pub(crate) async fn spam_signals(&self, envelope: &Envelope, raw: &Bytes) -> Option<Spam> {
        let filtering = &self.settings().filtering;
        if filtering.threshold == 0 {
            return None;
        }
        let relays = &self.settings().judging.trusted_relays;
        let by_relay = relays.iter().any(|net| net.contains(envelope.peer.ip()));
        let (clock, until) = (&*self.env().clock, self.now().plus(filtering.patience));
        let client = async {
            // The address of a relay says nothing about who stands behind it.
            if by_relay {
                return Vec::new();
            }
            let ours = [&self.settings().hostname, &self.settings().default_domain];
            let asking = client::signals(
                self.strangers(),
                envelope,
                &ours,
                &filtering.block_lists,
                until,
                clock,
            );
            asking.await
        };
        let filter = async {
            let rspamd = self.0.rspamd.as_ref()?;
            rspamd.judge(envelope, raw, filtering).await
        };
        let (mut signals, filtered) = tokio::join!(client, filter);
        signals.extend(filtered);
        let score = signals.iter().map(|signal| signal.points).sum();
        Some(Spam {
            score,
            threshold: filtering.threshold,
            signals,
        })
    }
}

/// The one host that rspamd may be reached at, whatever its address is.
pub(crate) fn dialer_for(url: &Url, clock: std::sync::Arc<dyn sys::Clock>) -> Option<Dialer> {
    let allowed = match url.host()? {
        Host::Domain(name) => Allowed::Host(name.trim_end_matches('.').to_ascii_lowercase()),
        Host::Ipv4(address) => address.to_string().parse().ok()?,
        Host::Ipv6(address) => address.to_string().parse().ok()?,
    };
    let policy = Policy {
        loopback: false,
        plain: false,
        allowed: vec![allowed],
    };
    Dialer::new(policy, clock).ok()
}

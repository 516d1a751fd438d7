//! What TLSA records say of the certificate of a mail server (DANE, RFC 7672).
//!
//! Only an answer that DNSSEC has proven can refuse a server; all else is told and nothing more. The
//! records of each host are looked up for themselves, whether or not the domain's MX records are proven:
//! they say which certificate this host has, and a host that shows another one is not it.

use smtp::client::Connection;
use sys::dane::{Tlsa, vouching};
use tokio::io::{AsyncRead, AsyncWrite};

use super::settings::DaneMode;
use super::target::{Kind, Target};
use super::verdict::{Ending, Fate};
use crate::App;

/// What the records say of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dane {
    /// There are none that mean anything.
    None,
    /// One that is proven names the certificate.
    Valid,
    /// They are proven, and none names what the server showed, or it showed nothing.
    Mismatch,
    /// There are some, but nothing proves them.
    Unvalidated,
}

impl Dane {
    /// The word in the record of a try.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Valid => "valid",
            Self::Mismatch => "mismatch",
            Self::Unvalidated => "unvalidated",
        }
    }
}

/// The records of a host.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    records: Vec<Tlsa>,
    proven: bool,
    mode: DaneMode,
}

/// What was found out about a connection.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// In one word.
    pub(super) dane: Dane,
    /// In more, where there is more to say.
    pub(super) words: Option<String>,
}

impl Pins {
    /// Looks up the records of a host; `None` where nobody wants to know, or where it cannot be
    /// known and does not matter.
    ///
    /// # Errors
    /// The ending of the try at this host: its zone is signed, and what it says of TLSA records
    /// could not be found out. Somebody who keeps the answer away must not get the mail
    /// (RFC 7672 §2.1.1).
    pub(super) async fn of(app: &App, target: &Target, host: &str) -> Result<Option<Self>, Ending> {
        let mode = app.settings().delivery.dane;
        if mode == DaneMode::Off || !matches!(target.kind, Kind::Direct(_)) {
            return Ok(None);
        }
        let port = app.settings().delivery.port;
        let resolver = &app.env().resolver;
        let name = format!("_{port}._tcp.{host}");
        match resolver.tlsa(&name).await {
            Ok(found) => Ok(Some(Self {
                proven: found.proven,
                records: found.answer.records(),
                mode,
            })),
            Err(error) => {
                tracing::debug!(host, %error, "TLSA records could not be looked up");
                // Servers of unsigned zones that do not know the type answer with an error, too.
                let matters = mode == DaneMode::Enforce
                    && !matches!(resolver.is_proven(host).await, Ok(false));
                if !matters {
                    return Ok(None);
                }
                let words = format!("the TLSA records of {host} could not be found out: {error}");
                Err(Ending::own(Fate::Later, "routing", (4, 4, 3), words))
            }
        }
    }

    /// Whether a connection must be encrypted because of them.
    pub(super) fn ask_for_tls(&self) -> bool {
        self.mode == DaneMode::Enforce && self.proven && !self.records.is_empty()
    }

    /// What they say of a connection to `host`.
    pub(super) fn judge<S>(&self, host: &str, connection: &Connection<S>) -> Judged
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let chain = connection.tls().map(|used| used.chain.as_slice());
        let judged = self.judge_chain(host, chain);
        if judged.dane == Dane::Mismatch {
            tracing::warn!(
                host,
                "no TLSA record names the certificate of a mail server"
            );
        }
        judged
    }

    fn judge_chain(&self, host: &str, chain: Option<&[Vec<u8>]>) -> Judged {
        if !self.records.iter().any(Tlsa::is_usable) {
            let words = (!self.records.is_empty()).then(|| "no TLSA record is usable".to_owned());
            return Judged {
                dane: Dane::None,
                words,
            };
        }
        let vouching = vouching(&self.records, chain.unwrap_or_default(), host);
        let said = match (vouching, chain) {
            (Some(record), _) => format!("TLSA {record} names the certificate"),
            (None, Some(_)) => "no TLSA record names the certificate".to_owned(),
            (None, None) => "there are TLSA records, but no encryption".to_owned(),
        };
        let (dane, words) = match (self.proven, vouching) {
            (true, Some(_)) => (Dane::Valid, said),
            (true, None) => (Dane::Mismatch, said),
            (false, _) => (
                Dane::Unvalidated,
                format!("{said}, without proof by DNSSEC"),
            ),
        };
        Judged {
            dane,
            words: Some(words),
        }
    }

    /// Why a connection that was judged so must not be used; `None` when it may be.
    pub(super) fn refusal(&self, host: &str, judged: &Judged) -> Option<Ending> {
        let refused = self.mode == DaneMode::Enforce && judged.dane == Dane::Mismatch;
        refused.then(|| {
            let words = judged.words.as_deref().unwrap_or_default();
            let words = format!("{host}: {words} (DANE)");
            Ending::own(Fate::Later, "starttls", (4, 7, 5), words)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(usage: u8, data: &[u8]) -> Tlsa {
        Tlsa {
            usage,
            selector: 0,
            matching: 0,
            data: data.to_vec(),
        }
    }

    #[test]
    fn only_proven_records_refuse_and_only_when_asked_to() {
        let (right, wrong) = (record(3, b"right"), record(3, b"wrong"));
        let chain = [b"right".to_vec()];
        for (records, proven, shown, dane) in [
            (vec![], true, Some(&chain[..]), Dane::None),
            (
                vec![record(1, b"right")],
                true,
                Some(&chain[..]),
                Dane::None,
            ),
            (vec![right.clone()], true, Some(&chain[..]), Dane::Valid),
            (
                vec![wrong.clone(), right.clone()],
                true,
                Some(&chain[..]),
                Dane::Valid,
            ),
            (vec![wrong.clone()], true, Some(&chain[..]), Dane::Mismatch),
            (vec![right.clone()], true, None, Dane::Mismatch),
            (
                vec![right.clone()],
                false,
                Some(&chain[..]),
                Dane::Unvalidated,
            ),
            (
                vec![wrong.clone()],
                false,
                Some(&chain[..]),
                Dane::Unvalidated,
            ),
        ] {
            let mut pins = Pins {
                records,
                proven,
                mode: DaneMode::Enforce,
            };
            let judged = pins.judge_chain("mx.test", shown);
            assert_eq!(judged.dane, dane, "{pins:?}");
            let refused = pins.refusal("mx.test", &judged);
            assert_eq!(refused.is_some(), dane == Dane::Mismatch, "{pins:?}");
            assert_eq!(pins.ask_for_tls(), proven && !pins.records.is_empty());
            pins.mode = DaneMode::Report;
            assert_eq!(pins.refusal("mx.test", &judged), None);
            assert!(!pins.ask_for_tls());
        }
    }
}

//! The certificates that are configured, as a client would judge them.

use std::time::Duration;

use app::MtaSts;
use sys::{Trust, timeout};
use tokio_rustls::TlsAcceptor;

use super::{Doctor, Finding};
use crate::certificate::CertificateStore;
use crate::data_folder::DataFolder;

/// A certificate should have been renewed before this is left.
const RENEWED_BY: Duration = Duration::from_secs(14 * 86_400);

/// A handshake within this process takes no longer.
const LIMIT: Duration = Duration::from_secs(5);

pub async fn certificates(doctor: &Doctor) -> Vec<Finding> {
    let (check, settings) = ("certificate", &doctor.settings);
    if settings.acme.is_some() && settings.tls.is_empty() {
        let detail = "ordered from an authority (ACME); the log tells of orders that fail";
        return vec![Finding::ok(check, detail)];
    }
    if settings.tls.is_empty() {
        let detail = "self-made: mail servers take it, programs that check do not";
        let found = if !settings.is_public() {
            Finding::ok(check, detail)
        } else if settings.mta_sts == MtaSts::Enforce {
            Finding::problem(
                check,
                format!("{detail}, and servers that follow `mta_sts = \"enforce\"` send nothing"),
                "Set `tls_certificate` and `tls_key` to a certificate for the host name.",
            )
        } else {
            Finding::warning(
                check,
                detail,
                "Set `tls_certificate` and `tls_key` to a certificate for the host name.",
            )
        };
        return vec![found];
    }
    let mut found = Vec::new();
    for facts in CertificateStore::facts(&settings.tls) {
        found.push(match facts {
            Err(error) => Finding::problem(
                check,
                format!("{error:#}"),
                "The server does not start with it: correct the file, or who may read it.",
            ),
            Ok(facts) => {
                let detail = format!("for {}, until {}", facts.names.join(", "), facts.until);
                let left = facts.until.since(doctor.clock.now());
                if left.is_zero() {
                    Finding::problem(check, format!("expired: {detail}"), "Renew it now.")
                } else if left < RENEWED_BY {
                    let fix = "Renew it; the server reads the files again by itself.";
                    Finding::warning(check, detail, fix)
                } else {
                    Finding::ok(check, detail)
                }
            }
        });
    }
    found.extend(judged(doctor).await);
    found
}

/// What a client that asks for the host name makes of what it is shown.
async fn judged(doctor: &Doctor) -> Option<Finding> {
    let (check, settings) = ("certificate", &doctor.settings);
    let folder = DataFolder::open(&settings.data).ok()?;
    let (host, now) = (&settings.hostname, doctor.clock.now());
    let store = CertificateStore::open(&settings.tls, &folder, host, now).ok()?;
    let acceptor = TlsAcceptor::from(store.for_mail().ok()?);
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let (accepting, asking) = (
        acceptor.accept(ours),
        doctor.tls.handshake(theirs, host, Trust::Any),
    );
    let both = async { tokio::join!(accepting, asking) };
    let (_, asked) = timeout(&*doctor.clock, LIMIT, both).await.ok()?;
    Some(match asked.map(|(_, used)| used.doubt) {
        Ok(None) => Finding::ok(check, format!("a client that asks for {host} trusts it")),
        Ok(Some(doubt)) => Finding::problem(
            check,
            format!("a client that asks for {host} does not trust it: {doubt}"),
            "The file must hold the certificate and those between it and the root, in this order.",
        ),
        Err(error) => Finding::problem(
            check,
            format!("a client that asks for {host}: {error}"),
            "Use a certificate for the host name from an authority that others trust.",
        ),
    })
}

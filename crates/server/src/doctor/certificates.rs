//! The certificates that are configured or ordered, as a client would judge them.

use std::time::Duration;

use app::{AcmeSettings, MtaSts};
use mail::Timestamp;
use store::{Inspection, OrderState};
use sys::{Trust, timeout};
use tokio_rustls::TlsAcceptor;

use super::{Doctor, Finding};
use crate::certificate::CertificateStore;
use crate::data_folder::DataFolder;

/// A certificate should have been renewed before this is left.
const RENEWED_BY: Duration = Duration::from_secs(14 * 86_400);

/// A handshake within this process takes no longer.
const LIMIT: Duration = Duration::from_secs(5);

pub async fn certificates(doctor: &Doctor, inspection: Option<&Inspection>) -> Vec<Finding> {
    let (check, settings) = ("certificate", &doctor.settings);
    let mut found = match &settings.acme {
        Some(acme) => ordered(acme, &settings.hostname, inspection, doctor.clock.now()),
        None => Vec::new(),
    };
    if settings.acme.is_some() && settings.tls.is_empty() {
        return found;
    }
    if settings.tls.is_empty() {
        let detail = "self-made: mail servers take it, programs that check do not";
        let one = if !settings.is_public() {
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
        return vec![one];
    }
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

/// What the store says of certificates that are ordered from an authority.
pub fn ordered(
    acme: &AcmeSettings,
    hostname: &str,
    inspection: Option<&Inspection>,
    now: Timestamp,
) -> Vec<Finding> {
    let check = "certificate";
    let Some(inspection) = inspection else {
        let detail = "ordered from an authority (ACME), but the store cannot be read";
        let fix = "See what is said of the store.";
        return vec![Finding::warning(check, detail, fix)];
    };
    let mut found = Vec::new();
    let here = |one: &&OrderState| one.order.directory == acme.directory;
    let orders: Vec<&OrderState> = inspection.orders.iter().filter(here).collect();
    let own = acme.names.join(",");
    match orders.iter().find(|one| one.order.names == own) {
        Some(one) => found.push(judge(one, now)),
        None => found.push(Finding::warning(
            check,
            format!("no certificate for {own} was ordered yet"),
            "Start the server: it orders by itself, and its log says what the authority answers.",
        )),
    }
    // Those for domains of organisations have one name each. What has more names was ordered with
    // other settings, and nobody misses it.
    let others = orders.iter().filter(|one| one.order.names != own);
    let of_domains = others.filter(|one| one.order.names.starts_with("mta-sts."));
    found.extend(of_domains.map(|one| judge(one, now)));
    let is_host = |name: &String| name.eq_ignore_ascii_case(hostname);
    if !acme.names.iter().any(is_host) {
        found.push(Finding::warning(
            check,
            format!("{hostname}, the host name, is not among the names that are ordered"),
            "Add it to `acme_names`: programs that submit mail ask for it.",
        ));
    }
    found
}

fn judge(one: &OrderState, now: Timestamp) -> Finding {
    let check = "certificate";
    let names = one.order.names.replace(',', ", ");
    let refused = one.tries.failures > 0;
    let why = one
        .tries
        .last_error
        .as_deref()
        .unwrap_or("no reason is kept");
    let fix = "Each name must lead to this server, and port 80 (`acme_http`) must be reachable from \
               outside; the authority's words say what it saw.";
    let failed = format!(
        "{} tries in a row have failed, the last at {}: {why}",
        one.tries.failures, one.tries.tried_at
    );
    let Some(until) = one.expires_at else {
        return Finding::problem(check, format!("none for {names} (ACME): {failed}"), fix);
    };
    let detail = format!("for {names}, until {until} (ACME)");
    let left = until.since(now);
    match (left.is_zero(), refused) {
        (true, _) => Finding::problem(check, format!("expired: {detail}; {failed}"), fix),
        (false, true) if left < RENEWED_BY => {
            Finding::problem(check, format!("{detail}; {failed}"), fix)
        }
        (false, true) => Finding::warning(check, format!("{detail}; {failed}"), fix),
        (false, false) => Finding::ok(check, detail),
    }
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

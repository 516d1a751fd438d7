//! Reports that arrive: at a return path, or enclosed in mail to an inbox.

use bytes::Bytes;
use mail::Address;
use mail::dsn::{self, Action, Complaint, Fate, Notice, Report};
use model::{InboxId, Result, perm};
use store::{Delivery, Grant, Reason, Reported};
use uuid::Uuid;

use super::record::{self, Findings, Refusal};
use crate::App;
use crate::inbound::elsewhere;

/// Octets of a header in which a report says what it is.
const HEADER: usize = 16 << 10;

/// What to do with mail that came to a return path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Returned {
    /// It was a report; what it says is recorded.
    Recorded,
    /// It is something else and belongs to the inbox that had sent.
    ForInbox(InboxId),
    /// Nobody is left who could have it; the log says so.
    Nobody,
}

impl App {
    /// Reads what came to return paths of deliveries. Gives the addresses that the message is
    /// still to be filed for: everybody else's, and the inbox that had sent where it is no report.
    ///
    /// # Errors
    /// When the store fails; the other server tries again.
    pub(crate) async fn take_reports(
        &self,
        envelope: &smtp::Envelope,
        raw: &Bytes,
    ) -> Result<Vec<String>> {
        let mut recipients = Vec::with_capacity(envelope.forward_paths.len());
        for to in &envelope.forward_paths {
            let Some(delivery) = self.returned_delivery(to) else {
                recipients.push(to.key());
                continue;
            };
            let path = envelope.reverse_path.as_ref();
            let taken = Box::pin(self.take_returned(delivery, path, raw)).await?;
            if let Returned::ForInbox(inbox) = taken {
                recipients.push(inbox.to_string());
            }
        }
        Ok(recipients)
    }

    /// Takes what came to the return path of a delivery.
    ///
    /// # Errors
    /// When the store fails; the other server tries again.
    async fn take_returned(
        &self,
        delivery: Uuid,
        reverse_path: Option<&Address>,
        raw: &Bytes,
    ) -> Result<Returned> {
        let Some(place) = self.store().reported(delivery).await? else {
            tracing::info!(%delivery, "a report about a message that was deleted");
            return Ok(Returned::Nobody);
        };
        let bytes = raw.clone();
        let notice = elsewhere(raw.len(), move || dsn::read(&bytes)).await?;
        let taken = match notice {
            Notice::Delivery(report) if is_plausible(reverse_path) => {
                self.take_report(&place, &report).await?
            }
            Notice::Complaint(complaint) => self.take_complaint(&place, &complaint).await?,
            Notice::Delivery(_) | Notice::Answer | Notice::Ordinary => false,
        };
        Ok(match (taken, place.inbox_id) {
            (true, _) => Returned::Recorded,
            (false, Some(inbox)) => Returned::ForInbox(inbox),
            (false, None) => {
                tracing::info!(%delivery, "mail to a return path whose inbox was deleted");
                Returned::Nobody
            }
        })
    }

    /// Looks whether mail that was filed in an inbox is a report that encloses a return path of
    /// ours, as complaints do, which come to wherever their senders were told; and records it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn take_enclosed(&self, null_sender: bool, raw: &Bytes) -> Result<()> {
        let header = raw.get(..HEADER).unwrap_or(raw).to_ascii_lowercase();
        let has = |what: &str| memchr::memmem::find(&header, what.as_bytes()).is_some();
        if !has("multipart/report") {
            return Ok(());
        }
        let bytes = raw.clone();
        let notice = elsewhere(raw.len(), move || dsn::read(&bytes)).await?;
        let original = match &notice {
            Notice::Delivery(report) => &report.original,
            Notice::Complaint(complaint) => &complaint.original,
            Notice::Answer | Notice::Ordinary => return Ok(()),
        };
        let mut paths = original.reverse_paths.iter();
        let Some(delivery) = paths.find_map(|path| self.returned_delivery(path)) else {
            return Ok(());
        };
        let Some(place) = self.store().reported(delivery).await? else {
            tracing::info!(%delivery, "a report about a message that was deleted");
            return Ok(());
        };
        match &notice {
            Notice::Delivery(report) if null_sender => {
                self.take_report(&place, report).await?;
            }
            Notice::Complaint(complaint) => {
                self.take_complaint(&place, complaint).await?;
            }
            Notice::Delivery(_) | Notice::Answer | Notice::Ordinary => {}
        }
        Ok(())
    }

    /// Records what a report says of the deliveries of its return path; whether it said anything
    /// that can be understood of them.
    async fn take_report(&self, place: &Reported, report: &Report) -> Result<bool> {
        let (grant, deliveries) = self.deliveries_of(place).await?;
        let Some(findings) = matched(report, &deliveries) else {
            return Ok(false);
        };
        let (random, job) = self.bits();
        let place = place.clone();
        let recorded = self.store().write(&grant, move |txn| {
            record::of_report(txn, &place, &findings, random, job)
        });
        recorded.await.map(|()| true)
    }

    async fn take_complaint(&self, place: &Reported, complaint: &Complaint) -> Result<bool> {
        if complaint.feedback_type == "not-spam" {
            tracing::info!("a recipient says that a message is no spam");
            return Ok(true);
        }
        let (grant, mut deliveries) = self.deliveries_of(place).await?;
        let named = |one: &Delivery| names(&complaint.recipients, &one.recipient);
        if deliveries.iter().any(named) {
            deliveries.retain(named);
        }
        if deliveries.is_empty() {
            return Ok(false);
        }
        let (random, _) = self.bits();
        let (place, kind) = (place.clone(), complaint.feedback_type.clone());
        let reporter = complaint.reporter.clone();
        let recorded = self.store().write(&grant, move |txn| {
            let from = (kind.as_str(), reporter.as_deref());
            record::of_complaint(txn, &place, from, &deliveries, random)
        });
        recorded.await.map(|()| true)
    }

    fn bits(&self) -> (u128, Uuid) {
        let ids = &self.env().ids;
        (ids.random().as_u128(), ids.ordered(self.now()))
    }

    /// The deliveries that share a return path.
    async fn deliveries_of(
        &self,
        place: &Reported,
    ) -> Result<(Grant<perm::Authenticated>, Vec<Delivery>)> {
        let access = self.store().system(place.org_id, Reason::Reception);
        let grant = access.grant::<perm::Authenticated>()?;
        let (key, domain) = (place.message_key, place.domain.clone());
        let found = self
            .store()
            .read(&grant, move |view| view.deliveries(key, Some(&domain)));
        let deliveries = found.await?;
        Ok((grant, deliveries))
    }
}

/// Reports have no return path themselves; some systems write from an address that says what they
/// are.
fn is_plausible(reverse_path: Option<&Address>) -> bool {
    reverse_path.is_none_or(|address| {
        let local = address.local().to_ascii_lowercase();
        let names = [
            "mailer-daemon",
            "mailerdaemon",
            "postmaster",
            "mdaemon",
            "bounce",
        ];
        names.iter().any(|name| local.starts_with(name))
    })
}

fn names(recipients: &[String], recipient: &str) -> bool {
    let key = |text: &str| Address::parse(text).map_or_else(|_| text.to_owned(), |one| one.key());
    recipients.iter().any(|one| key(one) == key(recipient))
}

/// What the report says of these deliveries; `None` when it cannot be told whom it is about.
fn matched(report: &Report, deliveries: &[Delivery]) -> Option<Findings> {
    let mut findings = Findings::default();
    let mut understood = false;
    for fate in &report.recipients {
        let Some(delivery) = delivery_of(fate, deliveries) else {
            continue;
        };
        understood = true;
        let refusal = Refusal {
            delivery: delivery.clone(),
            verdict: fate.verdict,
            status: fate.status.map(|status| status.to_string()),
            reporter: report.reporter.clone(),
            detail: fate.diagnostic.clone(),
        };
        match fate.action {
            Action::Failed => findings.refused.push(refusal),
            Action::Delayed => findings.delayed.push(refusal),
            Action::Delivered | Action::Relayed | Action::Expanded => {
                tracing::info!(recipient = %delivery.recipient, "the other server confirms the delivery");
            }
        }
    }
    understood.then_some(findings)
}

/// The delivery that a report names. One that was forwarded on the way is known by there being no
/// other.
fn delivery_of<'a>(fate: &Fate, deliveries: &'a [Delivery]) -> Option<&'a Delivery> {
    let named: Vec<String> = [&fate.recipient, &fate.ended_at]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let found = deliveries.iter().find(|one| names(&named, &one.recipient));
    match deliveries {
        [only] => Some(found.unwrap_or(only)),
        _ => found,
    }
}

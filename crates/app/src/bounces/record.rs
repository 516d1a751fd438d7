//! Writing down what was learned about deliveries: state, label, event and suppression in one
//! transaction.

use std::collections::BTreeMap;

use mail::Address;
use mail::dsn::{Class, Verdict};
use model::label::{Label, Labels};
use model::list::Entry;
use model::message::Message;
use model::{EventKind, Hidden, Kind, MessageKey, Result};
use store::{
    Delivery, DeliveryReport, DeliveryState, NewEvent, NewJob, ReportKind, Reported, Suppression,
    SuppressionReason, Txn,
};
use uuid::Uuid;

use super::events::complaint_event;
use crate::jobs::notify_sender::NotifySender;
use crate::{halts, jobs, render};

/// On so many days of thirty a delivery may fail before its recipient is suppressed.
const SOFT_LIMIT: i64 = 5;

/// A delivery that was refused, or will never arrive.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The delivery as it was before.
    pub(crate) delivery: Delivery,
    /// What it means.
    pub(crate) verdict: Verdict,
    /// The enhanced code.
    pub(crate) status: Option<String>,
    /// Who says so, as it calls itself.
    pub(crate) reporter: Option<String>,
    /// What was said.
    pub(crate) detail: String,
}

impl Refusal {
    fn report(&self, kind: ReportKind, source: &str, txn: &Txn<'_>) -> DeliveryReport {
        DeliveryReport {
            delivery_id: self.delivery.delivery_id,
            kind,
            source: source.to_owned(),
            before: self.delivery.state.name().to_owned(),
            class: self.verdict.class.name().to_owned(),
            bounce_type: self.verdict.kind().name().to_owned(),
            sub_type: self.verdict.sub_type().to_owned(),
            status: self.status.clone(),
            reporter: self.reporter.clone(),
            detail: self.detail.clone(),
            at: txn.now(),
        }
    }
}

/// Records what a session of our own learned: why a delivery ended. The state of the delivery, its
/// event and its label are the caller's.
///
/// # Errors
/// When the store fails.
pub(crate) fn of_session(txn: &mut Txn<'_>, message: &Message, refusals: &[Refusal]) -> Result<()> {
    let place = (message.pod_id, message.inbox_key, message.key);
    for refusal in refusals {
        let report = refusal.report(ReportKind::Bounce, "session", txn);
        txn.report_delivery(place, &refusal.delivery.recipient, &report)?;
    }
    Ok(())
}

/// What a refusal means for further mail to the address: suppressed at once if it is dead, and
/// after failures on five days of thirty if it may be.
///
/// # Errors
/// When the store fails.
pub(crate) fn learn(txn: &mut Txn<'_>, refusal: &Refusal, message: Option<&Message>) -> Result<()> {
    let verdict = refusal.verdict;
    if verdict.permanent == Some(true) {
        halts::count_failure(txn, &refusal.delivery)?;
    }
    let reason = if verdict.is_dead() {
        SuppressionReason::Bounce
    } else if verdict.is_doubtful()
        && txn.count_soft_bounce(&refusal.delivery.recipient)? >= SOFT_LIMIT
    {
        SuppressionReason::SoftBounces
    } else {
        return Ok(());
    };
    let class = (reason == SuppressionReason::Bounce).then_some(verdict.class);
    suppress(
        txn,
        &refusal.delivery,
        reason,
        class,
        &refusal.detail,
        message,
    )
}

fn suppress(
    txn: &mut Txn<'_>,
    delivery: &Delivery,
    reason: SuppressionReason,
    class: Option<Class>,
    evidence: &str,
    message: Option<&Message>,
) -> Result<()> {
    let Ok(entry) = Entry::parse(&delivery.recipient) else {
        return Ok(());
    };
    let now = txn.now();
    let new = txn.suppress(&Suppression {
        entry,
        reason,
        class: class.map(|class| class.name().to_owned()),
        note: None,
        evidence: Some(evidence.to_owned()).filter(|text| !text.is_empty()),
        message_id: message.map(|message| message.message_id.to_string()),
        inbox: message.map(|message| message.inbox_id.to_string()),
        created_at: now,
    })?;
    if new {
        tracing::info!(recipient = %delivery.recipient, reason = reason.name(), "suppressed");
    }
    Ok(())
}

/// Asks for a notice to the sender, as mail, if the owner of its domain wants them. Nobody is told
/// that a notice could not be answered.
///
/// # Errors
/// When the store fails.
pub(crate) fn notify(
    txn: &mut Txn<'_>,
    message: &Message,
    deliveries: &[Uuid],
    delayed: bool,
    job_id: Uuid,
) -> Result<()> {
    if deliveries.is_empty() || !txn.wants_notices(&message.inbox_id)? {
        return Ok(());
    }
    let run_at = txn.now();
    txn.enqueue(&NewJob {
        job_id,
        kind: NotifySender::KIND,
        key: None,
        run_at,
        payload: jobs::payload(&NotifySender {
            message: message.key.to_string(),
            deliveries: deliveries.iter().map(ToString::to_string).collect(),
            delayed,
        })?,
    })
}

/// What a report that came back says, matched with deliveries.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) refused: Vec<Refusal>,
    pub(super) delayed: Vec<Refusal>,
}

fn message_of(txn: &mut Txn<'_>, key: MessageKey) -> Result<Option<Message>> {
    match txn.message_of_key(key) {
        Ok(message) => Ok(Some(message)),
        // Its owner deleted it; the address is dead all the same.
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Records a report that came back later. Only the first one of a delivery counts, and one that
/// had failed before has nothing more to report.
pub(super) fn of_report(
    txn: &mut Txn<'_>,
    place: &Reported,
    findings: &Findings,
    random: u128,
    job_id: Uuid,
) -> Result<()> {
    let place = (place.pod_id, place.inbox_key, place.message_key);
    let message = message_of(txn, place.2)?;
    let mut late = false;
    for one in &findings.delayed {
        let report = one.report(ReportKind::Delay, "report", txn);
        late |= txn.report_delivery(place, &one.delivery.recipient, &report)?;
    }
    let mut kinds: BTreeMap<(&str, &str), Vec<(String, String)>> = BTreeMap::new();
    let mut bounced = Vec::new();
    for one in &findings.refused {
        let report = one.report(ReportKind::Bounce, "report", txn);
        let known = one.delivery.state == DeliveryState::Bounced;
        if known || !txn.report_delivery(place, &one.delivery.recipient, &report)? {
            tracing::info!(recipient = %one.delivery.recipient, "a further report of a bounce changes nothing");
            continue;
        }
        tracing::info!(
            message = %place.2, recipient = %one.delivery.recipient,
            class = one.verdict.class.name(), "bounced after it was taken: {}", one.detail
        );
        txn.bounce_delivery(one.delivery.delivery_id, &one.detail)?;
        learn(txn, one, message.as_ref())?;
        bounced.push(one.delivery.delivery_id);
        let kind = (one.verdict.kind().name(), one.verdict.sub_type());
        let told = (one.delivery.recipient.clone(), one.detail.clone());
        kinds.entry(kind).or_default().push(told);
    }
    let Some(message) = message else {
        return Ok(());
    };
    let mut labels = Labels::default();
    if late {
        labels.insert(Label::system("delayed"));
    }
    if !bounced.is_empty() {
        labels.insert(Label::system("bounced"));
    }
    if labels.is_empty() {
        return Ok(());
    }
    let message = txn.relabel(&message, &labels, &Labels::default())?;
    for (index, (kind, recipients)) in (0_u128..).zip(&kinds) {
        let payload = render::bounce_event(&message, *kind, recipients)?;
        emit(
            txn,
            &message,
            EventKind::MessageBounced,
            payload,
            random.wrapping_add(index),
        );
    }
    notify(txn, &message, &bounced, false, job_id)
}

/// Records a complaint about deliveries of a message. Who of several complained nobody can tell, so
/// only the single recipient is suppressed.
pub(super) fn of_complaint(
    txn: &mut Txn<'_>,
    place: &Reported,
    (kind, reporter): (&str, Option<&str>),
    deliveries: &[Delivery],
    random: u128,
) -> Result<()> {
    let message = message_of(txn, place.message_key)?;
    let rows = (place.pod_id, place.inbox_key, place.message_key);
    let mut told = Vec::new();
    for delivery in deliveries {
        let report = DeliveryReport {
            delivery_id: delivery.delivery_id,
            kind: ReportKind::Complaint,
            source: "feedback".to_owned(),
            before: delivery.state.name().to_owned(),
            class: kind.to_owned(),
            bounce_type: kind.to_owned(),
            sub_type: "General".to_owned(),
            status: None,
            reporter: reporter.map(str::to_owned),
            detail: "a recipient complained".to_owned(),
            at: txn.now(),
        };
        if txn.report_delivery(rows, &delivery.recipient, &report)? {
            told.push(delivery.recipient.clone());
        }
    }
    if told.is_empty() {
        return Ok(());
    }
    tracing::info!(message = %place.message_key, kind, "a recipient complained");
    if let [only] = deliveries {
        let evidence = format!("{kind} complaint");
        let reason = SuppressionReason::Complaint;
        suppress(txn, only, reason, None, &evidence, message.as_ref())?;
    }
    let Some(message) = message else {
        return Ok(());
    };
    let labels: Labels = [Label::system("complained")].into_iter().collect();
    let message = txn.relabel(&message, &labels, &Labels::default())?;
    let payload = complaint_event(&message, kind, &told)?;
    emit(txn, &message, EventKind::MessageComplained, payload, random);
    Ok(())
}

fn emit(txn: &mut Txn<'_>, message: &Message, kind: EventKind, payload: String, random: u128) {
    txn.emit(NewEvent {
        kind,
        pod_id: Some(message.pod_id),
        inbox_key: Some(message.inbox_key),
        message_key: Some(message.key),
        hidden: Hidden::NONE,
        payload,
        tail: None,
        random,
    });
}

/// Whether an address is one that reports come from. Nobody is told what became of mail to it:
/// answering a report would bring another.
pub(crate) fn is_reporting(address: &Address) -> bool {
    let local = address.local().to_ascii_lowercase();
    ["mailer-daemon", "postmaster"].contains(&local.as_str())
}

//! From what is known of a message to entries in order of time.

use mail::Timestamp;
use model::Labels;
use model::authentication::{Authentication, Verdict};
use model::message::{Direction, GateRecord, Message, Origin, Spam, Way};
use model::webhook::HookState;
use store::{
    Attempt, Delivery, DeliveryReport, DeliveryState, MessageEvent, ReportKind, Suppression,
};
use wire::{TimelineEntry, TimelineLabel};

use super::{Hook, Story};
use crate::{deliveries, render, webhooks};

/// What comes first of things that have the same time: causes before effects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Origin,
    Verdict,
    Filed,
    Delivery,
    Report,
    Label,
    Event,
    Webhook,
}

type Dated = (Timestamp, Rank, TimelineEntry);

/// Tells it.
pub(super) fn tell(story: &Story) -> Vec<TimelineEntry> {
    let mut all: Vec<Dated> = Vec::new();
    if let Some(message) = &story.message {
        all.extend(arrived(story, message));
    }
    for one in &story.deliveries {
        let attempts = story.attempts.iter();
        let attempts: Vec<&Attempt> = attempts
            .filter(|attempt| attempt.delivery_id == one.delivery_id)
            .collect();
        let reports = story.reports.iter();
        let reports: Vec<&DeliveryReport> = reports
            .filter(|report| report.delivery_id == one.delivery_id)
            .collect();
        delivery(&mut all, one, &attempts, &reports);
    }
    all.extend(story.suppressed.iter().map(suppressed));
    for change in &story.changes {
        let (kind, verb) = if change.added {
            ("label_added", "added")
        } else {
            ("label_removed", "removed")
        };
        let entry = TimelineEntry {
            labels: vec![TimelineLabel {
                label: change.label.clone(),
                reason: None,
            }],
            ..new(change.at, kind, format!("Label {} {verb}", change.label))
        };
        all.push((change.at, Rank::Label, entry));
    }
    // The verdict is on the message; its event would only repeat that.
    let completed = model::EventKind::MessageSecurityCompleted.name();
    let told = story.events.iter().filter(|one| one.kind != completed);
    all.extend(told.map(event));
    for hook in &story.hooks {
        webhook(&mut all, hook);
    }
    all.sort_by_key(|(at, rank, _)| (*at, *rank));
    all.into_iter().map(|(_, _, entry)| entry).collect()
}

fn new(at: Timestamp, kind: &str, summary: String) -> TimelineEntry {
    TimelineEntry {
        at: at.to_string(),
        kind: kind.to_owned(),
        summary,
        ..TimelineEntry::default()
    }
}

/// How it came here, what was thought of it, and how it was filed.
fn arrived(story: &Story, message: &Message) -> Vec<Dated> {
    let mut all = Vec::new();
    if let Some(origin) = &story.origin {
        all.push((message.at, Rank::Origin, came(message, origin)));
        if let Some(record) = &origin.gate {
            all.extend(gated(message, record));
        }
    }
    let filed_at = message.created_at;
    // Only mail that arrived was judged.
    if let Some(known) = &story.authentication {
        let entry = TimelineEntry {
            authentication: Some(render::authentication(known)),
            ..new(filed_at, "authentication", judged(known))
        };
        all.push((filed_at, Rank::Verdict, entry));
    }
    if let Some(spam) = &story.spam {
        let entry = TimelineEntry {
            spam: Some(render::spam(spam)),
            ..new(filed_at, "spam_check", weighed(spam))
        };
        all.push((filed_at, Rank::Verdict, entry));
    }
    let first = first_labels(story, message);
    let names: Vec<&str> = first.iter().map(model::Label::as_str).collect();
    let entry = TimelineEntry {
        labels: first
            .iter()
            .map(|label| TimelineLabel {
                label: label.as_str().to_owned(),
                reason: reason(label.as_str(), story, message),
            })
            .collect(),
        ..new(
            filed_at,
            "filed",
            format!("Filed with the labels {}", names.join(", ")),
        )
    };
    all.push((filed_at, Rank::Filed, entry));
    all
}

/// What the gate said about a message that left.
fn gated(message: &Message, record: &GateRecord) -> Vec<Dated> {
    let mut told = Vec::new();
    if !record.tainted_by.is_empty() {
        let summary = format!(
            "The key had been shown mail of strangers: {}",
            record.tainted_by.join(", ")
        );
        told.push((
            message.at,
            Rank::Verdict,
            new(message.at, "tainted", summary),
        ));
    }
    if let Some(approved) = &record.approved {
        let held_at = Timestamp::from_micros(approved.held_at);
        let held = format!(
            "Held by the gate as approval {}: {}",
            approved.approval,
            approved.rules.join(", ")
        );
        told.push((held_at, Rank::Origin, new(held_at, "held", held)));
        let summary = format!("Approved by {}", approved.by);
        told.push((
            message.at,
            Rank::Origin,
            new(message.at, "approved", summary),
        ));
    }
    told
}

fn came(message: &Message, origin: &Origin) -> TimelineEntry {
    let session = origin.session.as_ref();
    let is_received = message.direction == Direction::Received;
    let from = is_received.then(|| origin.from.clone().unwrap_or_default());
    let client = session.map_or_else(String::new, |session| {
        let tls = session.tls.as_deref().unwrap_or("no encryption");
        let (peer, helo, protocol) = (&session.peer, &session.helo, &session.protocol);
        format!("{peer}, which calls itself {helo}, over {protocol} ({tls})")
    });
    let key = origin.key.as_deref().unwrap_or("of the server");
    let mut summary = match origin.way {
        Way::Smtp => format!("Handed in by {client}"),
        Way::Inbox => "Came from another inbox of this server".to_owned(),
        Way::Server => "Written by this server".to_owned(),
        Way::Submission => format!("Handed in by {client}, with the API key {key}"),
        Way::Api => match (&origin.draft, &origin.key) {
            (Some(draft), Some(key)) => format!("Draft {draft} sent with the API key {key}"),
            (Some(draft), None) => format!("Draft {draft} sent when its time had come"),
            (None, _) => format!("Sent by a request with the API key {key}"),
        },
    };
    if let Some(from) = &from {
        let to = origin.recipient.as_deref().unwrap_or("this inbox");
        summary += &format!(", from <{from}> for {to}");
    }
    let text = |take: fn(&model::message::Session) -> &String| session.map(|one| take(one).clone());
    let told = wire::MessageOrigin {
        way: origin.way.name().to_owned(),
        from,
        recipient: origin.recipient.clone(),
        session_id: text(|one| &one.id),
        peer: text(|one| &one.peer),
        helo: text(|one| &one.helo),
        protocol: text(|one| &one.protocol),
        tls: session.and_then(|one| one.tls.clone()),
        api_key_id: origin.key.clone(),
        draft_id: origin.draft.clone(),
        send_at: origin
            .scheduled_for
            .map(|at| Timestamp::from_micros(at).to_string()),
    };
    let kind = if is_received { "session" } else { "submitted" };
    TimelineEntry {
        origin: Some(told),
        ..new(message.at, kind, summary)
    }
}

fn judged(known: &Authentication) -> String {
    let mut said = Vec::new();
    if let Some(spf) = &known.spf {
        said.push(format!("SPF {} for {}", spf.result.name(), spf.domain));
    }
    for one in &known.dkim {
        let domain = one.domain.as_deref().unwrap_or("an unreadable signature");
        said.push(format!("DKIM {} for {domain}", one.result.name()));
    }
    if let Some(dmarc) = &known.dmarc {
        said.push(format!("DMARC {}", dmarc.result.name()));
    }
    let chain = known.arc.as_ref();
    if let Some(arc) = chain.filter(|arc| arc.result != Verdict::None) {
        said.push(format!("ARC {}", arc.result.name()));
    }
    let proven = if known.is_proven() {
        "proven"
    } else {
        "not proven"
    };
    let mut summary = format!("The sender is {proven}: {}", known.reason.name());
    if !said.is_empty() {
        summary += &format!(" ({})", said.join(", "));
    }
    summary
}

fn weighed(spam: &Spam) -> String {
    let found: Vec<String> = spam
        .signals
        .iter()
        .map(|signal| format!("{} {}", signal.code, signal.points))
        .collect();
    let mut summary = format!("{} points, {} make it spam", spam.score, spam.threshold);
    if !found.is_empty() {
        summary += &format!(" ({})", found.join(", "));
    }
    summary
}

/// The labels it was born with: those of today, and all changes taken back.
fn first_labels(story: &Story, message: &Message) -> Labels {
    let mut labels = message.labels.clone();
    for change in story.changes.iter().rev() {
        let Ok(label) = model::Label::parse(&change.label) else {
            continue;
        };
        if change.added {
            labels.remove(&label);
        } else {
            labels.insert(label);
        }
    }
    labels
}

/// Why the server gave a label to mail that arrived.
fn reason(label: &str, story: &Story, message: &Message) -> Option<String> {
    if message.direction != Direction::Received {
        return None;
    }
    match label {
        "unauthenticated" => Some(match &story.authentication {
            Some(known) => judged(known),
            None => "Nobody looked into who sent it".to_owned(),
        }),
        "spam" => story.spam.as_ref().map(weighed),
        model::armor::HELD => {
            Some("It reads like an instruction to an agent, and such mail is held".to_owned())
        }
        "blocked" => Some("The allow or block lists bar its sender".to_owned()),
        _ => None,
    }
}

/// One recipient: handed in, each try, each report, and how it stands if none of these says it.
fn delivery(
    all: &mut Vec<Dated>,
    one: &Delivery,
    attempts: &[&Attempt],
    reports: &[&DeliveryReport],
) {
    let to = &one.recipient;
    let mut add = |at: Timestamp, rank: Rank, entry: TimelineEntry| {
        let recipient = Some(to.clone());
        all.push((at, rank, TimelineEntry { recipient, ..entry }));
    };
    let queued = TimelineEntry {
        state: Some(DeliveryState::Queued.name().to_owned()),
        ..new(one.created_at, "delivery", format!("Queued for {to}"))
    };
    add(one.created_at, Rank::Delivery, queued);
    for attempt in attempts {
        let place = match (&attempt.host, &attempt.address) {
            (Some(host), Some(address)) => format!("{host} ({address})"),
            (Some(host), None) => host.clone(),
            (None, Some(address)) => address.clone(),
            (None, None) => "no server".to_owned(),
        };
        let (state, number) = (attempt.state.name(), attempt.number);
        let summary = format!(
            "Try {number} for {to} at {place}: {state}: {}",
            attempt.reply
        );
        let entry = TimelineEntry {
            state: Some(state.to_owned()),
            attempt: Some(deliveries::attempt((*attempt).clone())),
            ..new(attempt.at, "delivery_attempt", summary)
        };
        add(attempt.at, Rank::Delivery, entry);
    }
    for report in reports {
        let what = match report.kind {
            ReportKind::Bounce => "Bounced",
            ReportKind::Complaint => "Complaint",
            ReportKind::Delay => "Reported as late",
        };
        let summary = format!("{what} for {to}: {}: {}", report.class, report.detail);
        let entry = TimelineEntry {
            report: Some(deliveries::report((*report).clone())),
            ..new(report.at, "delivery_report", summary)
        };
        add(report.at, Rank::Report, entry);
    }
    if !is_told(one, attempts, reports) {
        let state = one.state.name();
        let mut summary = format!("{to}: {state}");
        if let Some(detail) = &one.detail {
            summary += &format!(": {detail}");
        }
        if let Some(due) = one.due_at {
            summary += &format!("; tried again at {due}");
        }
        let entry = TimelineEntry {
            state: Some(state.to_owned()),
            next_attempt_at: one.due_at.map(|at| at.to_string()),
            ..new(one.updated_at, "delivery", summary)
        };
        add(one.updated_at, Rank::Delivery, entry);
    }
}

/// Whether the state of a delivery follows from its tries and reports.
fn is_told(one: &Delivery, attempts: &[&Attempt], reports: &[&DeliveryReport]) -> bool {
    let by_report = || {
        let mut later = reports.iter().filter(|report| report.source == "report");
        later.any(|report| report.kind == ReportKind::Bounce)
    };
    match one.state {
        DeliveryState::Queued => true,
        DeliveryState::Deferred => false,
        state => {
            let last = attempts.last();
            last.is_some_and(|attempt| attempt.state == state)
                || state == DeliveryState::Bounced && by_report()
        }
    }
}

fn suppressed(one: &Suppression) -> Dated {
    let (to, cause) = (one.entry.as_str(), one.reason.name());
    let summary = format!("{to} is not written to any more: {cause}");
    let entry = TimelineEntry {
        recipient: Some(to.to_owned()),
        ..new(one.created_at, "suppressed", summary)
    };
    (one.created_at, Rank::Report, entry)
}

fn event(one: &MessageEvent) -> Dated {
    let summary = format!("Event {} at position {}", one.kind, one.seq);
    let entry = TimelineEntry {
        event: Some(wire::TimelineEvent {
            event_id: one.event_id.to_string(),
            event_type: one.kind.clone(),
            position: one.seq,
        }),
        ..new(one.at, "event", summary)
    };
    (one.at, Rank::Event, entry)
}

fn webhook(all: &mut Vec<Dated>, hook: &Hook) {
    let one = &hook.delivery;
    let (kind, id, status) = (&one.kind, &one.webhook_id, one.state.name());
    let within = match one.gathered_in {
        Some(other) if one.state == HookState::Gathered => format!(" in {other}"),
        _ => String::new(),
    };
    let event = wire::TimelineEvent {
        event_id: one.event_id.to_string(),
        event_type: kind.clone(),
        position: one.seq,
    };
    let told = wire::TimelineWebhook {
        webhook_id: id.to_string(),
        delivery_id: one.delivery_id.to_string(),
        status: status.to_owned(),
        attempt_count: one.attempts,
    };
    let opened = TimelineEntry {
        event: Some(event.clone()),
        webhook: Some(told.clone()),
        next_attempt_at: one.due_at.map(|at| at.to_string()),
        ..new(
            one.created_at,
            "webhook_delivery",
            format!("{kind} for the webhook {id}: {status}{within}"),
        )
    };
    all.push((one.created_at, Rank::Webhook, opened));
    for attempt in &hook.attempts {
        let mut said = match attempt.status {
            Some(status) => format!("HTTP {status}"),
            None => "no answer".to_owned(),
        };
        if let Some(error) = &attempt.error {
            said += &format!(", {error}");
        }
        let summary = format!(
            "Try {} of {kind} at the webhook {id}: {said}",
            attempt.number
        );
        let entry = TimelineEntry {
            event: Some(event.clone()),
            webhook: Some(told.clone()),
            webhook_attempt: Some(webhooks::attempt(attempt)),
            ..new(attempt.at, "webhook_attempt", summary)
        };
        all.push((attempt.at, Rank::Webhook, entry));
    }
}

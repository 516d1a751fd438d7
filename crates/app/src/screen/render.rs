//! Model to wire: the verdict as AgentMail shows it, and what it rests on.

use mail::Timestamp;
use model::Result;
use model::identity::Identity;
use model::message::Message;
use model::screened::{Outcome, Release, Screened, THRESHOLD, Verdict};
use wire::{
    AgentArmorActor, AgentArmorComplete, AgentArmorManualOverride, AgentArmorResult, HiddenText,
    Screen, ScreenFinding, SenderIdentity,
};

/// The verdict in AgentMail's shape.
pub(crate) fn armor(screened: &Screened) -> AgentArmorResult {
    match screened.outcome {
        Outcome::Unavailable(reason) => AgentArmorResult::Unavailable {
            unavailable_reason: reason.name().to_owned(),
        },
        Outcome::Clear => AgentArmorResult::Complete(complete(screened, Verdict::Clear)),
        Outcome::Review => AgentArmorResult::Complete(complete(screened, Verdict::Review)),
    }
}

fn complete(screened: &Screened, verdict: Verdict) -> AgentArmorComplete {
    AgentArmorComplete {
        verdict: verdict.name().to_owned(),
        reason: reason(screened, verdict),
        model: model(&screened.version),
        completed_at: screened.at().to_string(),
        manual_override: screened.release.as_ref().map(manual_override),
    }
}

/// A sentence about the worst finding. It has codes of ours and no word of the message.
fn reason(screened: &Screened, verdict: Verdict) -> String {
    if verdict == Verdict::Clear {
        return "Nothing in it reads like an instruction to an agent".to_owned();
    }
    let Some(worst) = screened.findings.first() else {
        return "It reads like an instruction to an agent".to_owned();
    };
    if worst.reasons == [super::judge::REASON] {
        return "The operator's own judge wants it reviewed".to_owned();
    }
    let reasons: Vec<String> = worst.reasons.iter().map(|code| words(code)).collect();
    let hidden = match &worst.technique {
        Some(how) => format!(", kept from a person's eyes by {}", words(how)),
        None => String::new(),
    };
    let part = &worst.part;
    format!(
        "A sentence in the {part} reads like an instruction to an agent: {}{hidden}",
        reasons.join(", ")
    )
}

fn words(code: &str) -> String {
    code.replace('_', " ")
}

/// The release of a held message.
pub(crate) fn manual_override(release: &Release) -> AgentArmorManualOverride {
    AgentArmorManualOverride {
        override_id: release.override_id.clone(),
        actor: AgentArmorActor::ApiKey {
            api_key_id: release.api_key_id.clone(),
        },
        reason: release.reason.clone(),
        original_verdict: Verdict::Review.name().to_owned(),
        released_at: Timestamp::from_micros(release.at).to_string(),
    }
}

/// What the verdict rests on.
pub(crate) fn findings(screened: &Screened) -> Screen {
    let finding = |one: &model::screened::Finding| ScreenFinding {
        reasons: one.reasons.clone(),
        part: one.part.clone(),
        technique: one.technique.clone(),
        at: one.at,
        score: one.score,
    };
    let hidden = |one: &model::screened::HiddenText| HiddenText {
        technique: one.technique.clone(),
        part: one.part.clone(),
        at: one.at,
    };
    Screen {
        score: screened.score,
        threshold: THRESHOLD,
        version: screened.version.clone(),
        findings: screened.findings.iter().map(finding).collect(),
        hidden: screened.hidden.iter().map(hidden).collect(),
    }
}

/// The name of rules and weights, as AgentMail names a model.
pub(crate) fn model(version: &str) -> String {
    format!("mailroost-{version}")
}

/// The payload of `message.security.completed` and `message.security.review`.
pub(crate) fn completed_event(message: &Message, verdict: Verdict) -> Result<String> {
    let result = message.screened.as_ref();
    let result = result.map(|seen| AgentArmorResult::Complete(complete(seen, verdict)));
    event(message, "agent_armor", &result)
}

/// The payload of `message.security.override`.
pub(crate) fn override_event(message: &Message, release: &Release) -> Result<String> {
    event(message, "manual_override", &manual_override(release))
}

fn event<T: serde::Serialize>(message: &Message, name: &str, value: &T) -> Result<String> {
    let event = serde_json::json!({
        "organization_id": message.org_id.to_string(),
        "pod_id": message.pod_id.to_string(),
        "inbox_id": message.inbox_id.to_string(),
        "message_id": message.message_id.to_string(),
        "thread_id": message.thread_id.to_string(),
        name: value,
    });
    Ok(format!("\"message\":{event}"))
}

/// Who wrote a message.
pub(crate) fn identity(known: &Identity) -> SenderIdentity {
    SenderIdentity {
        standing: known.standing().name().to_owned(),
        proven: known.proven,
        first_contact: known.first_contact,
        in_thread: known.in_thread,
        look_alike: known.look_alike.as_ref().map(|alike| wire::LookAlike {
            of: alike.of.clone(),
            by: alike.by.name().to_owned(),
        }),
        address_in_name: known.address_in_name.clone(),
    }
}

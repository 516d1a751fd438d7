//! Agent Armor: holding what is to be reviewed, letting it go, and hearing what people think of the
//! verdicts.

use mail::MessageId;
use model::armor::{Feedback, Judgement, MAX_WORDS, Mode};
use model::label::Labels;
use model::message::Message;
use model::screened::{Release, Screened};
use model::{ApiKeyId, Code, Error, EventKind, Hidden, InboxId, Result, perm};
use store::{Access, Actor, Grant, NewAudit, NewEvent, Txn};
use wire::{
    AgentArmorActor, AgentArmorFeedback, AgentArmorSettings, CreateAgentArmorFeedbackRequest,
    Patch, ReleaseAgentArmorMessageRequest, ReleaseAgentArmorMessageResponse,
    UpdateAgentArmorRequest,
};

use super::render::{completed_event, manual_override, override_event};
use crate::inbound::kind_of;
use crate::{App, render};

impl App {
    /// What happens to suspect mail within what the grant reaches.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn agent_armor(
        &self,
        grant: &Grant<perm::MessageRead>,
    ) -> Result<AgentArmorSettings> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general enough over the lifetime of the view"
        )]
        let read = self.store().read(grant, |view| view.screen_modes());
        Ok(settings(read.await?))
    }

    /// Chooses what happens to it.
    ///
    /// # Errors
    /// `validation_error` for another mode than `monitor` or `hold`.
    pub async fn update_agent_armor(
        &self,
        grant: &Grant<perm::AgentArmorRelease>,
        request: UpdateAgentArmorRequest,
    ) -> Result<AgentArmorSettings> {
        let chosen = match request.mode {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(name) => Some(Some(mode(&name)?)),
        };
        let write = self.store().write(grant, move |txn| {
            if let Some(chosen) = chosen {
                txn.set_screen_mode(chosen)?;
            }
            txn.screen_modes()
        });
        Ok(settings(write.await?))
    }

    /// Lets a held message go, to its readers and with its event.
    ///
    /// # Errors
    /// `validation_error` for the reason, `not_found`, or `conflict` when it is not held.
    pub async fn release_agent_armor_message(
        &self,
        grant: &Grant<perm::AgentArmorRelease>,
        inbox: &InboxId,
        id: &MessageId,
        request: ReleaseAgentArmorMessageRequest,
    ) -> Result<ReleaseAgentArmorMessageResponse> {
        grant.access().grant::<perm::MessageRead>()?;
        let reason = words("reason", request.reason)?;
        let reason = reason.ok_or_else(|| {
            Error::invalid("reason", "too_small", "A reason must not be blank")
                .fix("Say why the message is safe to release.")
        })?;
        let key = key_of(grant.access())?;
        let (inbox, id) = (inbox.clone(), id.clone());
        let random = [(); 2].map(|()| self.env().ids.random().as_u128());
        let app = self.clone();
        let released = self.store().write(grant, move |txn| {
            let place = txn.inbox(&inbox)?.key;
            let message = txn.message(place, &id)?;
            let (api_key_id, reason) = (key.to_string(), reason.clone());
            if let Some(known) = message
                .screened
                .as_ref()
                .and_then(|seen| seen.release.as_ref())
            {
                let same = known.api_key_id == api_key_id && known.reason == reason;
                return if same {
                    Ok(known.clone())
                } else {
                    Err(not_held())
                };
            }
            if !store::is_held(&message) {
                return Err(not_held());
            }
            let release = Release {
                override_id: txn.next_event_id(random[0])?.to_string(),
                api_key_id,
                reason,
                at: txn.now().as_micros(),
            };
            let message = txn.release_held(&message, release.clone())?;
            txn.audit(NewAudit::new(
                "armor.release",
                format!("message:{}", message.key),
            ));
            app.announce(txn, &message, &release, random)?;
            Ok(release)
        });
        Ok(ReleaseAgentArmorMessageResponse {
            manual_override: manual_override(&released.await?),
        })
    }

    /// Tells of a release, and of the arrival that was not told.
    fn announce(
        &self,
        txn: &mut Txn<'_>,
        message: &Message,
        release: &Release,
        random: [u128; 2],
    ) -> Result<()> {
        let hidden = message.labels.hidden();
        if hidden == Hidden::NONE {
            txn.emit(NewEvent {
                kind: EventKind::MessageSecurityOverride,
                pod_id: Some(message.pod_id),
                inbox_key: Some(message.inbox_key),
                message_key: Some(message.key),
                hidden,
                payload: override_event(message, release)?,
                tail: None,
                random: random[0],
            });
        }
        let content = txn.content(message.key)?;
        let (_, tail) = self.pack(&content)?;
        let thread = txn.thread(Some(message.inbox_key), message.thread_id)?;
        txn.emit(NewEvent {
            kind: kind_of(&message.labels),
            pod_id: Some(message.pod_id),
            inbox_key: Some(message.inbox_key),
            message_key: Some(message.key),
            hidden,
            payload: render::received_head(message, &thread)?,
            tail: Some(tail),
            random: random[1],
        });
        Ok(())
    }

    /// Hears whether a verdict was right.
    ///
    /// # Errors
    /// `validation_error`, `not_found`, or `conflict` when there is no verdict or enough was said.
    pub async fn create_agent_armor_feedback(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
        request: CreateAgentArmorFeedbackRequest,
    ) -> Result<AgentArmorFeedback> {
        let judgement = Judgement::parse(&request.feedback).ok_or_else(|| {
            let names = Judgement::ALL.map(Judgement::name).join(", ");
            Error::invalid("feedback", "invalid_value", "This is no feedback")
                .fix(format!("Use one of {names}."))
        })?;
        let notes = words("notes", request.notes.unwrap_or_default())?;
        let key = key_of(grant.access())?;
        let (inbox, id) = (inbox.clone(), id.clone());
        let feedback_id = self.env().ids.ordered(self.now());
        let kept = self.store().write(grant, move |txn| {
            let place = txn.inbox(&inbox)?.key;
            let message = txn.message(place, &id)?;
            let judged = message.screened.as_ref();
            let (verdict, version) = judged
                .and_then(|seen| Some((seen.verdict()?, seen.version.clone())))
                .ok_or_else(|| {
                    Error::new(Code::Conflict, "There is no verdict on this message")
                        .fix("Feedback is about a verdict; agent_armor.status must be complete.")
                })?;
            let feedback = Feedback {
                feedback_id,
                judgement,
                notes: notes.clone(),
                api_key_id: key,
                verdict,
                version,
                created_at: txn.now(),
            };
            txn.add_screen_feedback(&message, &feedback)?;
            Ok(feedback)
        });
        let kept = kept.await?;
        Ok(AgentArmorFeedback {
            feedback_id: kept.feedback_id.to_string(),
            feedback: kept.judgement.name().to_owned(),
            notes: kept.notes,
            actor: AgentArmorActor::ApiKey {
                api_key_id: kept.api_key_id.to_string(),
            },
            original_verdict: kept.verdict.name().to_owned(),
            model: super::render::model(&kept.version),
            created_at: kept.created_at.to_string(),
        })
    }
}

/// The event that a verdict makes when its message arrives, if it makes one.
pub(crate) fn event(message: &Message, mode: Mode, random: u128) -> Result<Option<NewEvent>> {
    let hidden = message.labels.hidden().without(Hidden::HELD);
    let judged = message.screened.as_ref().filter(|_| hidden == Hidden::NONE);
    let Some(verdict) = judged.and_then(Screened::verdict) else {
        return Ok(None);
    };
    let kind = match (mode, store::is_held(message)) {
        (_, true) => EventKind::MessageSecurityReview,
        (Mode::Monitor, false) => EventKind::MessageSecurityCompleted,
        (Mode::Hold, false) => return Ok(None),
    };
    Ok(Some(NewEvent {
        kind,
        pod_id: Some(message.pod_id),
        inbox_key: Some(message.inbox_key),
        message_key: Some(message.key),
        hidden,
        payload: completed_event(message, verdict)?,
        tail: None,
        random,
    }))
}

/// Whether labels say that a message is held.
pub(crate) fn holds(labels: &Labels) -> bool {
    Hidden::HELD.is_within(labels.hidden())
}

fn not_held() -> Error {
    Error::new(Code::Conflict, "This message is not held").fix(
        "Only a message with the label agent-armor-held can be released, and only once; a repetition \
         must have the same reason and the same key.",
    )
}

/// The key that acts. Nobody else releases mail.
fn key_of(access: &Access) -> Result<ApiKeyId> {
    match access.actor() {
        Actor::Key(id) => Ok(id),
        Actor::System(_) => Err(Error::internal("only the holder of a key can do this")),
    }
}

fn mode(name: &str) -> Result<Mode> {
    Mode::parse(name).ok_or_else(|| {
        Error::invalid("mode", "invalid_value", "mode is monitor or hold")
            .fix("Use monitor, hold, or null to leave it to the level above.")
    })
}

/// What somebody wrote; `None` when it is blank.
fn words(field: &str, text: String) -> Result<Option<String>> {
    if text.chars().count() > MAX_WORDS {
        let message = format!("{field} has at most {MAX_WORDS} characters");
        return Err(Error::invalid(field, "too_big", message));
    }
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

fn settings(modes: store::Modes) -> AgentArmorSettings {
    AgentArmorSettings {
        mode: modes.own.map(|mode| mode.name().to_owned()),
        effective_mode: modes.effective.name().to_owned(),
    }
}

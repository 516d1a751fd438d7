//! What the screen at arrival says, in AgentMail's shape and beside it.

use serde::{Deserialize, Serialize};

use crate::Patch;

/// Agent Armor's result for a received message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum AgentArmorResult {
    /// There is none yet.
    Pending {
        /// When the message was received.
        started_at: String,
        /// When the scan gives up.
        deadline_at: String,
    },
    /// There is a verdict.
    Complete(AgentArmorComplete),
    /// There is none and will be none.
    Unavailable {
        /// A code: `payload_too_large`, `no_scannable_content`, `scorer_failed` and so on.
        unavailable_reason: String,
    },
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentArmorComplete {
    /// `clear` or `review`.
    pub verdict: String,
    /// A short explanation in the server's words.
    pub reason: String,
    /// Which rules and weights gave it.
    pub model: String,
    /// When.
    pub completed_at: String,
    /// That somebody released a held message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_override: Option<AgentArmorManualOverride>,
}

/// The release of a held message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentArmorManualOverride {
    /// Its id, and that of its event.
    pub override_id: String,
    /// Who did it.
    pub actor: AgentArmorActor,
    /// Why, in their words.
    pub reason: String,
    /// `review`
    pub original_verdict: String,
    /// When.
    pub released_at: String,
}

/// Who released a message or judged a verdict. AgentMail also has its console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentArmorActor {
    /// The holder of a key.
    ApiKey {
        /// The key.
        api_key_id: String,
    },
    /// A person in a console.
    Console,
}

/// What a verdict rests on. Ours. None of the message's words are in it: they are hostile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// 0 for harmless to 1000 for an instruction to an agent.
    pub score: u16,
    /// The score from which a message is to be reviewed.
    pub threshold: u16,
    /// Which rules and weights gave it.
    pub version: String,
    /// The sentences that speak for it, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ScreenFinding>,
    /// Texts that a person does not see, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenText>,
}

/// A sentence that reads like an instruction to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenFinding {
    /// Codes: `override`, `exfiltration`, `hidden` and so on.
    pub reasons: Vec<String>,
    /// `subject`, `text` or `html`.
    pub part: String,
    /// How it was hidden or disguised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// Octets from the beginning of the visible text, or of the part where it was hidden.
    pub at: usize,
    /// Its own score, 0 to 1000.
    pub score: u16,
}

/// A text that a person does not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenText {
    /// How it was hidden: `display_none`, `unicode_tags` and so on.
    pub technique: String,
    /// `subject`, `text` or `html`.
    pub part: String,
    /// Octets from the beginning of the part.
    pub at: usize,
}

/// `inboxes.messages.create_agent_armor_feedback`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateAgentArmorFeedbackRequest {
    /// `correct_review`, `incorrect_review`, `missed_threat`, `legitimate_agent_instruction` or
    /// `spam_or_phishing`.
    pub feedback: String,
    /// In more words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What somebody said of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentArmorFeedback {
    /// Its id.
    pub feedback_id: String,
    /// What.
    pub feedback: String,
    /// In more words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Who.
    pub actor: AgentArmorActor,
    /// The verdict it is about.
    pub original_verdict: String,
    /// Which rules and weights gave that.
    pub model: String,
    /// When it was said.
    pub created_at: String,
}

/// `inboxes.messages.release_agent_armor_message`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseAgentArmorMessageRequest {
    /// Why it is safe.
    pub reason: String,
}

/// What a release gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseAgentArmorMessageResponse {
    /// The release.
    pub manual_override: AgentArmorManualOverride,
}

/// What happens to mail that is to be reviewed. Ours: AgentMail has it in its console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentArmorSettings {
    /// What was chosen at this level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The strictest of this level and those above.
    pub effective_mode: String,
}

/// A change of [`AgentArmorSettings`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateAgentArmorRequest {
    /// `monitor`, `hold`, or `null` to leave it to the level above.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub mode: Patch<String>,
}

/// Who wrote a message, as the inbox saw it when it arrived. Ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderIdentity {
    /// All of it in a word: `suspicious`, `unproven`, `in_thread`, `new` or `known`.
    pub standing: String,
    /// Whether the address in From is that of who sent it.
    pub proven: bool,
    /// Whether the inbox has never written to the address, nor had proven mail from it.
    pub first_contact: bool,
    /// Whether it answers a message that the inbox itself sent.
    pub in_thread: bool,
    /// Somebody known whom the sender may be taken for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_alike: Option<LookAlike>,
    /// Another address that the name shown in From has. The sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_in_name: Option<String>,
}

/// Somebody known, and what makes a sender look like them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAlike {
    /// Their domain, or their address.
    pub of: String,
    /// `domain` or `display_name`.
    pub by: String,
}

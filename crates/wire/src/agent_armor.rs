//! What the screen at arrival says, in AgentMail's shape and beside it.

use serde::{Deserialize, Serialize};

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

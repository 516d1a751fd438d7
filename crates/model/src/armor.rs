//! Agent Armor: what happens to mail that the screen wants reviewed, and what people say of that.

use mail::Timestamp;
use uuid::Uuid;

use crate::ApiKeyId;
use crate::screened::Verdict;

/// The label of mail that waits for its release.
pub const HELD: &str = "agent-armor-held";

/// Characters of a reason for a release, and of the notes of feedback.
pub const MAX_WORDS: usize = 2_048;

/// What happens to mail that is to be reviewed. The stricter is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// It is marked.
    #[default]
    Monitor,
    /// It is marked, and kept out of lists and events until somebody releases it.
    Hold,
}

impl Mode {
    /// The name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Hold => "hold",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Monitor, Self::Hold]
            .into_iter()
            .find(|mode| mode.name() == name)
    }
}

/// Whether a verdict was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It was right to have it reviewed.
    CorrectReview,
    /// It should have been clear.
    IncorrectReview,
    /// It should have been reviewed.
    MissedThreat,
    /// It instructs an agent, and may.
    LegitimateAgentInstruction,
    /// It is unwanted for another reason.
    SpamOrPhishing,
}

impl Judgement {
    /// All of them, in AgentMail's order.
    pub const ALL: [Self; 5] = [
        Self::CorrectReview,
        Self::IncorrectReview,
        Self::MissedThreat,
        Self::LegitimateAgentInstruction,
        Self::SpamOrPhishing,
    ];

    /// AgentMail's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CorrectReview => "correct_review",
            Self::IncorrectReview => "incorrect_review",
            Self::MissedThreat => "missed_threat",
            Self::LegitimateAgentInstruction => "legitimate_agent_instruction",
            Self::SpamOrPhishing => "spam_or_phishing",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What somebody said of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Its public id.
    pub feedback_id: Uuid,
    /// What.
    pub judgement: Judgement,
    /// In more words.
    pub notes: Option<String>,
    /// Who said it.
    pub api_key_id: ApiKeyId,
    /// The verdict.
    pub verdict: Verdict,
    /// The rules and weights that gave it.
    pub version: String,
    /// When it was said.
    pub created_at: Timestamp,
}

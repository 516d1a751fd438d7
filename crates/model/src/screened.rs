//! What the screen at arrival says of a message.

use mail::Timestamp;
use serde::{Deserialize, Serialize};

/// The score, in thousandths, from which a message is to be reviewed.
pub const THRESHOLD: u16 = 500;

/// Findings, and hidden texts, that are kept of one message.
pub const MOST_FINDINGS: usize = 8;

/// What was found out when a message arrived about its steering the agent that reads it.
///
/// **The trap:** `Clear` says that nothing was found, not that there is nothing. What an agent may do
/// after reading must never follow from it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screened {
    /// The outcome.
    pub outcome: Outcome,
    /// 0 for harmless to 1000 for an instruction to an agent.
    pub score: u16,
    /// The version of rules and weights that gave it.
    pub version: String,
    /// When it was done, in microseconds.
    at: i64,
    /// The sentences that speak for it, worst first. None of their words: they are hostile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Texts that a person does not see, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenText>,
    /// That somebody let it go although it was to be reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

impl Screened {
    /// A screening that ended at `at`.
    #[must_use]
    pub fn new(outcome: Outcome, score: u16, version: &str, at: Timestamp) -> Self {
        Self {
            outcome,
            score,
            version: version.to_owned(),
            at: at.as_micros(),
            findings: Vec::new(),
            hidden: Vec::new(),
            release: None,
        }
    }

    /// When it was done.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }

    /// The verdict; `None` where nobody could look.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        match self.outcome {
            Outcome::Clear => Some(Verdict::Clear),
            Outcome::Review => Some(Verdict::Review),
            Outcome::Unavailable(_) => None,
        }
    }

    /// Whether its reader must be taken for steered: it was flagged, or too much of it was not
    /// looked at, and nobody has said since that it is harmless.
    #[must_use]
    pub const fn is_suspect(&self) -> bool {
        let suspect = match self.outcome {
            Outcome::Clear | Outcome::Unavailable(Unavailable::NoScannableContent) => false,
            Outcome::Review | Outcome::Unavailable(_) => true,
        };
        suspect && self.release.is_none()
    }
}

/// How a screening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was found.
    Clear,
    /// It reads like an attempt to steer an agent.
    Review,
    /// There is no verdict.
    Unavailable(Unavailable),
}

/// What the screen says where it could look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clear,
    /// It reads like an attempt to steer an agent.
    Review,
}

impl Verdict {
    /// AgentMail's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Review => "review",
        }
    }
}

/// Why there is no verdict. AgentMail has more reasons; these are the ones that happen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// There is more text than is looked at, and nothing in its beginning.
    PayloadTooLarge,
    /// It has neither subject nor text.
    NoScannableContent,
    /// The screen failed.
    ScorerFailed,
}

impl Unavailable {
    /// AgentMail's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PayloadTooLarge => "payload_too_large",
            Self::NoScannableContent => "no_scannable_content",
            Self::ScorerFailed => "scorer_failed",
        }
    }
}

/// A sentence that reads like an instruction to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Why, as codes of `mail::screen::Reason`.
    pub reasons: Vec<String>,
    /// `subject`, `text` or `html`.
    pub part: String,
    /// How it was hidden or disguised, a code of `mail::screen::Technique`.
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
    /// How it was hidden, a code of `mail::screen::Technique`.
    pub technique: String,
    /// `subject`, `text` or `html`.
    pub part: String,
    /// Octets from the beginning of the part.
    pub at: usize,
}

/// That somebody released a message which was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its public id, which is that of its event.
    pub override_id: String,
    /// The key that did it.
    pub api_key_id: String,
    /// Why, in the words of who did it.
    pub reason: String,
    /// When, in microseconds.
    pub at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_as_suspect_as_what_was_flagged() {
        let of = |outcome| Screened::new(outcome, 0, "v", Timestamp::from_micros(1));
        for (outcome, suspect) in [
            (Outcome::Clear, false),
            (Outcome::Review, true),
            (Outcome::Unavailable(Unavailable::PayloadTooLarge), true),
            (Outcome::Unavailable(Unavailable::ScorerFailed), true),
            (Outcome::Unavailable(Unavailable::NoScannableContent), false),
        ] {
            assert_eq!(of(outcome).is_suspect(), suspect, "{outcome:?}");
        }
        let mut released = of(Outcome::Review);
        released.release = Some(Release {
            override_id: "e".to_owned(),
            api_key_id: "k".to_owned(),
            reason: "known".to_owned(),
            at: 2,
        });
        assert!(!released.is_suspect());
        assert_eq!(released.verdict(), Some(Verdict::Review));
    }
}

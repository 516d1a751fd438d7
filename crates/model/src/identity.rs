//! Who wrote a message, as the inbox that got it sees it.

use serde::{Deserialize, Serialize};

/// What was found out when a message arrived, from what the inbox knew then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whether the address in From is that of who sent it.
    pub proven: bool,
    /// Whether the inbox has never written to the address, nor had proven mail from it.
    pub first_contact: bool,
    /// Whether it answers a message that the inbox itself sent. Anybody who has seen that message's
    /// id can claim it; with `proven` it shows that the address is in the conversation.
    pub in_thread: bool,
    /// Somebody the inbox knows and whom the sender may be taken for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_alike: Option<LookAlike>,
    /// Another address that the name shown in From has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_in_name: Option<String>,
}

impl Identity {
    /// All of it in a word.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self {
            Self {
                look_alike: Some(_),
                ..
            }
            | Self {
                address_in_name: Some(_),
                ..
            } => Standing::Suspicious,
            Self { proven: false, .. } => Standing::Unproven,
            Self {
                in_thread: true, ..
            } => Standing::InThread,
            Self {
                first_contact: true,
                ..
            } => Standing::New,
            Self { .. } => Standing::Known,
        }
    }
}

/// How far a sender is to be taken for who they say they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They pass for somebody else.
    Suspicious,
    /// Nobody knows whether they are who they say.
    Unproven,
    /// They answer what the inbox wrote.
    InThread,
    /// They are proven, and write for the first time.
    New,
    /// They are proven and known.
    Known,
}

impl Standing {
    /// The code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::Unproven => "unproven",
            Self::InThread => "in_thread",
            Self::New => "new",
            Self::Known => "known",
        }
    }
}

/// Somebody known, and what makes a sender look like them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAlike {
    /// Their domain, or their address.
    pub of: String,
    /// What is alike.
    pub by: Likeness,
}

impl LookAlike {
    /// A domain that is easily taken for this one.
    #[must_use]
    pub fn domain(known: &str) -> Self {
        Self {
            of: known.to_owned(),
            by: Likeness::Domain,
        }
    }

    /// A display name like that of this address.
    #[must_use]
    pub fn name(known: &str) -> Self {
        Self {
            of: known.to_owned(),
            by: Likeness::DisplayName,
        }
    }
}

/// What is alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The domains are easily mistaken.
    Domain,
    /// The names shown are the same, the domains are not.
    DisplayName,
}

impl Likeness {
    /// The code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::DisplayName => "display_name",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_a_sender_says_more_than_what_speaks_for_them() {
        let known = Identity {
            proven: true,
            ..Identity::default()
        };
        assert_eq!(known.standing(), Standing::Known);
        let new = Identity {
            first_contact: true,
            ..known.clone()
        };
        assert_eq!(new.standing(), Standing::New);
        let answers = Identity {
            in_thread: true,
            ..new
        };
        assert_eq!(answers.standing(), Standing::InThread);
        let unproven = Identity {
            proven: false,
            ..answers
        };
        assert_eq!(unproven.standing(), Standing::Unproven);
        let alike = Identity {
            look_alike: Some(LookAlike::domain("corp.example")),
            ..known
        };
        assert_eq!(alike.standing(), Standing::Suspicious);
    }
}

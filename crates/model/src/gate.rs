//! What the gate says about a departure, and why.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One reason why a departure is held or refused. It is shown to the caller, to whoever decides and
/// in events: it must hold no secret and no text of the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable code of the rule, such as `new_recipient_while_tainted`. Programs branch on it.
    pub rule: Cow<'static, str>,
    /// What was found, as a sentence.
    pub detail: String,
    /// What the caller can do about it, as a sentence.
    pub fix: String,
}

impl Finding {
    /// A finding of a rule.
    #[must_use]
    pub fn new(rule: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            rule: Cow::Borrowed(rule),
            detail: detail.into(),
            fix: fix.into(),
        }
    }
}

/// What becomes of a departure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Decision {
    /// It leaves.
    #[default]
    Pass,
    /// It waits until another identity has decided about it.
    Hold(Vec<Finding>),
    /// It does not leave, whoever asks.
    Refuse(Vec<Finding>),
}

impl Decision {
    /// Held because of these; passes if there are none.
    #[must_use]
    pub fn hold(findings: Vec<Finding>) -> Self {
        if findings.is_empty() {
            Self::Pass
        } else {
            Self::Hold(findings)
        }
    }

    /// Refused because of these; passes if there are none.
    #[must_use]
    pub fn refuse(findings: Vec<Finding>) -> Self {
        if findings.is_empty() {
            Self::Pass
        } else {
            Self::Refuse(findings)
        }
    }

    /// What two rules say together: the stricter one decides. Of a refusal only its own reasons are
    /// told, as no approval would help; what two holds found is told together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pass, other) => other,
            (own, Self::Pass) => own,
            (Self::Hold(own), Self::Hold(more)) => Self::Hold(together(own, more)),
            (Self::Refuse(own), Self::Refuse(more)) => Self::Refuse(together(own, more)),
            (Self::Refuse(own), Self::Hold(_)) | (Self::Hold(_), Self::Refuse(own)) => {
                Self::Refuse(own)
            }
        }
    }
}

fn together(mut own: Vec<Finding>, more: Vec<Finding>) -> Vec<Finding> {
    for finding in more {
        if !own.contains(&finding) {
            own.push(finding);
        }
    }
    own
}

/// What a caller whose departure is held is told besides the findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The draft that it became.
    pub draft_id: crate::DraftId,
    /// What is to be decided.
    pub approval_id: crate::ApprovalId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &'static str) -> Finding {
        Finding::new(rule, "It is so.", "Change it.")
    }

    #[test]
    fn the_stricter_of_two_decisions_stands() {
        let hold = Decision::hold(vec![finding("a")]);
        let refuse = Decision::refuse(vec![finding("b")]);
        assert_eq!(Decision::Pass.and(Decision::Pass), Decision::Pass);
        assert_eq!(Decision::Pass.and(hold.clone()), hold);
        assert_eq!(hold.clone().and(Decision::Pass), hold);
        assert_eq!(hold.clone().and(refuse.clone()), refuse);
        assert_eq!(refuse.clone().and(hold.clone()), refuse);
        let both = Decision::Hold(vec![finding("a"), finding("c")]);
        let more = Decision::Hold(vec![finding("a"), finding("c")]);
        assert_eq!(hold.and(more), both);
        let refusals = Decision::Refuse(vec![finding("b"), finding("d")]);
        assert_eq!(refuse.and(Decision::Refuse(vec![finding("d")])), refusals);
    }

    #[test]
    fn nothing_found_lets_pass() {
        assert_eq!(Decision::hold(Vec::new()), Decision::Pass);
        assert_eq!(Decision::refuse(Vec::new()), Decision::Pass);
    }
}

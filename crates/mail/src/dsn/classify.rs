//! What a refusal means.
//!
//! The words decide first, because one code stands for many things: 550 and 5.7.1 are said of
//! dead mailboxes and of senders that are not liked. Where no words are known the enhanced code
//! decides, then the reply code.

use super::phrases::PHRASES;
use super::status::{Status, Words};

/// Characters of a text that are looked at.
const MAX_TEXT: usize = 2_000;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// There is no such mailbox.
    InvalidMailbox,
    /// The domain does not exist or takes no mail.
    InvalidDomain,
    /// There was such a mailbox; it is closed.
    Inactive,
    /// The mailbox has no room.
    MailboxFull,
    /// The sending server or what it sends is taken for spam.
    SpamBlock,
    /// The recipient's rules refuse it.
    Policy,
    /// It is too large.
    TooLarge,
    /// SPF, DKIM, DMARC or the name of the sending server did not pass.
    Authentication,
    /// Too much at once.
    RateLimited,
    /// An unknown sender was asked to come again.
    Greylisted,
    /// A virus, a forbidden file, a broken message.
    Content,
    /// The other server, or the way to it, does not work for now.
    Network,
    /// It went in circles.
    Loop,
    /// It was tried for too long; why each try failed is not known.
    Expired,
    /// This server itself does not send to the address any more.
    Suppressed,
    /// It is not known why.
    Unknown,
}

/// How lasting a failure is, in AgentMail's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sending to the address again is of no use.
    Permanent,
    /// Another message, or the same one later, may arrive.
    Transient,
    /// The report does not say.
    Undetermined,
}

impl Kind {
    /// The `type` of `message.bounced`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permanent => "Permanent",
            Self::Transient => "Transient",
            Self::Undetermined => "Undetermined",
        }
    }
}

/// A refusal, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why.
    pub class: Class,
    /// Whether the server said so for good; `None` when it gave no code.
    pub permanent: Option<bool>,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 16] = [
        Self::InvalidMailbox,
        Self::InvalidDomain,
        Self::Inactive,
        Self::MailboxFull,
        Self::SpamBlock,
        Self::Policy,
        Self::TooLarge,
        Self::Authentication,
        Self::RateLimited,
        Self::Greylisted,
        Self::Content,
        Self::Network,
        Self::Loop,
        Self::Expired,
        Self::Suppressed,
        Self::Unknown,
    ];

    /// The name in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidMailbox => "invalid_mailbox",
            Self::InvalidDomain => "invalid_domain",
            Self::Inactive => "inactive",
            Self::MailboxFull => "mailbox_full",
            Self::SpamBlock => "spam_block",
            Self::Policy => "policy",
            Self::TooLarge => "too_large",
            Self::Authentication => "authentication",
            Self::RateLimited => "rate_limited",
            Self::Greylisted => "greylisted",
            Self::Content => "content",
            Self::Network => "network",
            Self::Loop => "loop",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl Verdict {
    /// How lasting it is. What is about the message or the sender is transient however firmly it
    /// was said: the address is alive, and callers stop writing to what is `Permanent`.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.class {
            Class::InvalidMailbox | Class::InvalidDomain | Class::Inactive | Class::Unknown => {
                match self.permanent {
                    Some(true) => Kind::Permanent,
                    Some(false) => Kind::Transient,
                    None if self.class == Class::Unknown => Kind::Undetermined,
                    None => Kind::Permanent,
                }
            }
            Class::Suppressed => Kind::Permanent,
            Class::MailboxFull
            | Class::SpamBlock
            | Class::Policy
            | Class::TooLarge
            | Class::Authentication
            | Class::RateLimited
            | Class::Greylisted
            | Class::Content
            | Class::Network
            | Class::Loop
            | Class::Expired => Kind::Transient,
        }
    }

    /// The `sub_type` of `message.bounced`.
    #[must_use]
    pub fn sub_type(self) -> &'static str {
        match (self.kind(), self.class) {
            (Kind::Undetermined, _) => "Undetermined",
            (_, Class::InvalidMailbox | Class::InvalidDomain) => "NoEmail",
            (_, Class::MailboxFull) => "MailboxFull",
            (_, Class::TooLarge) => "MessageTooLarge",
            (_, Class::Content) => "ContentRejected",
            (_, Class::Suppressed) => "Suppressed",
            _ => "General",
        }
    }

    /// Whether the address is dead: nobody should write to it again.
    #[must_use]
    pub fn is_dead(self) -> bool {
        let dead = matches!(
            self.class,
            Class::InvalidMailbox | Class::InvalidDomain | Class::Inactive
        );
        dead && self.kind() == Kind::Permanent
    }

    /// Whether the address may be dead, if this goes on: what is said about the recipient and not
    /// about the sender or the message.
    #[must_use]
    pub fn is_doubtful(self) -> bool {
        let doubtful = matches!(
            self.class,
            Class::InvalidMailbox
                | Class::InvalidDomain
                | Class::Inactive
                | Class::MailboxFull
                | Class::Network
                | Class::Expired
                | Class::Unknown
        );
        doubtful && !self.is_dead()
    }
}

/// Says what a refusal means. Pure, and linear in the text, of which the first 2,000 characters
/// count.
#[must_use]
pub fn classify(words: &Words<'_>) -> Verdict {
    let found = Words::of(words.text);
    let words = Words {
        code: words.code.or(found.code),
        status: words.status.or(found.status),
        text: words.text,
    };
    let text = plain(words.text);
    let class = by_phrase(&text)
        .or_else(|| words.status.and_then(by_status))
        .or_else(|| words.code.and_then(by_code));
    Verdict {
        class: class.unwrap_or(Class::Unknown),
        permanent: words.permanent(),
    }
}

/// Lower case with single blanks, without addresses: a mailbox may be called anything.
fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    let lowered = text.chars().take(MAX_TEXT).flat_map(char::to_lowercase);
    let lowered: String = lowered
        .map(|c| if c == '\u{2019}' { '\'' } else { c })
        .collect();
    let words = lowered.split_whitespace();
    for word in words.filter(|word| !word.contains('@')) {
        out.push_str(word);
        out.push(' ');
    }
    out
}

fn by_phrase(text: &str) -> Option<Class> {
    let all = PHRASES.iter();
    all.flat_map(|(class, phrases)| phrases.iter().map(move |phrase| (*class, *phrase)))
        .find(|(_, phrase)| memchr::memmem::find(text.as_bytes(), phrase.as_bytes()).is_some())
        .map(|(class, _)| class)
}

/// The meaning of RFC 3463, RFC 7372, RFC 7505, RFC 8689 and the registry beside them.
fn by_status(Status(class, subject, detail): Status) -> Option<Class> {
    let class = match (class, subject, detail) {
        (_, 1, 1 | 3) => Class::InvalidMailbox,
        (_, 1, 2 | 10) => Class::InvalidDomain,
        (_, 1, 6) | (5, 2, 1) | (_, 7, 13 | 17 | 18) => Class::Inactive,
        (_, 1, 7) => Class::Policy,
        (_, 1, 8 | 9) | (_, 7, 20..=27 | 29 | 509 | 515) => Class::Authentication,
        (_, 2, 2) => Class::MailboxFull,
        (_, 2, 3) | (_, 3, 4) => Class::TooLarge,
        (4, 2, 1) => Class::RateLimited,
        (_, 3, 5) | (_, 4, 6) => Class::Loop,
        (_, 3, 3) | (_, 6, _) => Class::Content,
        (4, 3 | 4, 0..=5) | (_, 4, 1 | 2 | 5) | (_, 3, 1 | 2) => Class::Network,
        (5, 4, 4) => Class::InvalidDomain,
        (_, 4, 7) => Class::Expired,
        (_, 5, 3) | (_, 7, 28) => Class::RateLimited,
        (_, 7, 501..=508 | 511..=513 | 606..=650) => Class::SpamBlock,
        (_, 7, _) => Class::Policy,
        _ => return None,
    };
    Some(class)
}

/// The meaning of RFC 5321 §4.2.3, RFC 4954 and RFC 7504. 550 alone is said of too many things.
fn by_code(code: u16) -> Option<Class> {
    let class = match code {
        421 | 441 | 442 | 451 => Class::Network,
        447 => Class::Expired,
        446 | 546 => Class::Loop,
        521 | 556 => Class::InvalidDomain,
        530 | 535 | 538 => Class::Authentication,
        552 => Class::MailboxFull,
        551 => Class::InvalidMailbox,
        _ => return None,
    };
    Some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Class {
        classify(&Words::of(text)).class
    }

    #[test]
    fn phrases_are_in_the_form_they_are_compared_in() {
        for (class, phrases) in PHRASES {
            for phrase in *phrases {
                let form = plain(phrase);
                assert_eq!(form.trim(), phrase.trim(), "{class:?}");
                assert!(!phrase.contains("  "), "{phrase}");
            }
        }
    }

    #[test]
    fn no_phrase_is_out_of_reach_behind_a_wider_one_of_another_class() {
        let all: Vec<(Class, &str)> = PHRASES
            .iter()
            .flat_map(|(class, phrases)| phrases.iter().map(move |phrase| (*class, *phrase)))
            .collect();
        let mut hidden = Vec::new();
        for (at, (class, phrase)) in all.iter().enumerate() {
            let wider = all[..at]
                .iter()
                .find(|(other, earlier)| other != class && phrase.contains(earlier));
            hidden.extend(wider.map(|wider| (phrase, wider)));
        }
        assert!(hidden.is_empty(), "{hidden:?}");
    }

    #[test]
    fn a_mailbox_with_a_telling_name_says_nothing() {
        assert_eq!(
            class("550 5.1.1 <spam.blocked@blacklist.example>: user unknown"),
            Class::InvalidMailbox
        );
    }

    #[test]
    fn a_code_decides_where_words_do_not() {
        for (text, expected) in [
            ("550 5.1.1 nope", Class::InvalidMailbox),
            ("550 5.7.1 nope", Class::Policy),
            ("550 nope", Class::Unknown),
            ("421 nope", Class::Network),
            ("556 nope", Class::InvalidDomain),
            ("552 5.3.4 nope", Class::TooLarge),
            ("550 5.7.26 nope", Class::Authentication),
            ("nope", Class::Unknown),
        ] {
            assert_eq!(class(text), expected, "{text}");
        }
    }

    #[test]
    fn only_what_says_that_the_address_is_dead_suppresses() {
        for (text, dead, doubtful, kind, sub_type) in [
            (
                "550 5.1.1 user unknown",
                true,
                false,
                "Permanent",
                "NoEmail",
            ),
            (
                "450 4.1.1 user unknown",
                false,
                true,
                "Transient",
                "NoEmail",
            ),
            ("user unknown", true, false, "Permanent", "NoEmail"),
            (
                "554 5.2.1 account disabled",
                true,
                false,
                "Permanent",
                "General",
            ),
            (
                "552 5.2.2 mailbox full",
                false,
                true,
                "Transient",
                "MailboxFull",
            ),
            (
                "550 5.7.1 listed by spamhaus",
                false,
                false,
                "Transient",
                "General",
            ),
            (
                "550 5.7.26 not authenticated",
                false,
                false,
                "Transient",
                "General",
            ),
            ("550 no", false, true, "Permanent", "General"),
            ("no", false, true, "Undetermined", "Undetermined"),
        ] {
            let verdict = classify(&Words::of(text));
            assert_eq!(verdict.is_dead(), dead, "{text}");
            assert_eq!(verdict.is_doubtful(), doubtful, "{text}");
            assert_eq!(verdict.kind().name(), kind, "{text}");
            assert_eq!(verdict.sub_type(), sub_type, "{text}");
        }
    }
}

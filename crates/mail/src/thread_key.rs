//! What ties a message to its conversation.

use std::collections::HashSet;

use crate::MessageId;
use crate::parse::Parsed;
use crate::subject_prefixes::{AUTOMATIC, FORWARD, REPLY};

/// Ids that are looked up for one message.
const MAX_ANCESTORS: usize = 50;
/// Prefixes and list tags taken off one subject.
const MAX_PREFIXES: usize = 50;

/// The messages this one may belong under, the likeliest first: In-Reply-To, then References
/// from the newest to the oldest, each once, without the message itself, at most 50.
///
/// Some clients put an address or a whole sentence into In-Reply-To. Ids found there count only
/// when they cannot be mistaken for the address of someone in the conversation.
#[must_use]
pub fn ancestors(parsed: &Parsed) -> Vec<MessageId> {
    let people: HashSet<String> = parsed
        .from
        .iter()
        .chain(parsed.to.iter().take(100))
        .chain(parsed.cc.iter().take(100))
        .map(|person| person.address.to_ascii_lowercase())
        .collect();
    let mut seen = HashSet::new();
    parsed
        .in_reply_to
        .iter()
        .chain(parsed.references.iter().rev())
        .filter(|id| Some(*id) != parsed.message_id.as_ref())
        .filter(|id| !people.contains(&id.bare().to_ascii_lowercase()))
        .filter(|id| seen.insert(id.as_str()))
        .take(MAX_ANCESTORS)
        .cloned()
        .collect()
}

/// The subject without reply and forward prefixes, list tags and outer blanks, its white space
/// collapsed (after RFC 5256 §2.1): what two messages of one conversation have in common.
#[must_use]
pub fn base_subject(subject: &str) -> String {
    let collapsed = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = collapsed.as_str();
    for _ in 0..MAX_PREFIXES {
        let Some(shorter) = after_prefix(rest).or_else(|| without_tag(rest)) else {
            break;
        };
        rest = shorter;
    }
    while let Some(shorter) = rest.strip_suffix("(fwd)") {
        rest = shorter.trim_end();
    }
    rest.to_owned()
}

/// Whether the subject begins with a reply prefix.
#[must_use]
pub fn is_reply_subject(subject: &str) -> bool {
    prefix(subject.trim_start(), REPLY).is_some()
}

/// Whether the subject begins with a forward prefix.
#[must_use]
pub fn is_forward_subject(subject: &str) -> bool {
    prefix(subject.trim_start(), FORWARD).is_some()
}

/// What the beginning of a subject says a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// No prefix.
    New,
    /// An answer, written by a person or a program.
    Reply,
    /// A forward.
    Forward,
    /// One or the other: `VS:` is Finnish for a reply and Danish for a forward, `RV:` both in
    /// Spanish.
    Either,
}

/// What the first prefix of the subject says, list tags (`[EXTERNAL]`) before it passed over.
#[must_use]
pub fn subject_kind(subject: &str) -> SubjectKind {
    let rest = after_tags(subject);
    if rest
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("[fwd:"))
    {
        return SubjectKind::Forward;
    }
    let reply = prefix(rest, REPLY).is_some();
    match (reply, prefix(rest, FORWARD).is_some()) {
        (true, true) => SubjectKind::Either,
        (true, false) => SubjectKind::Reply,
        (false, true) => SubjectKind::Forward,
        (false, false) if prefix(rest, AUTOMATIC).is_some() => SubjectKind::Reply,
        (false, false) => SubjectKind::New,
    }
}

/// The subject without its first prefix and the tags before it; as it is where it has none.
#[must_use]
pub fn without_prefix(subject: &str) -> &str {
    let rest = after_tags(subject);
    if let Some(inner) = rest
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        && let Some(shorter) = prefix(inner, FORWARD)
    {
        return shorter;
    }
    after_prefix(rest).unwrap_or_else(|| subject.trim())
}

/// The subject behind the list tags that a prefix may follow.
pub(crate) fn after_tags(subject: &str) -> &str {
    let mut rest = subject.trim();
    for _ in 0..MAX_PREFIXES {
        match without_tag(rest) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest
}

fn after_prefix(text: &str) -> Option<&str> {
    prefix(text, REPLY).or_else(|| prefix(text, FORWARD))
}

/// What follows `Re:`, `RE :`, `Re[2]:`, `Re^2:`, `Re(3):` or `回复：` at the beginning of `text`.
pub(crate) fn prefix<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let window = text.get(..text.floor_char_boundary(60)).unwrap_or(text);
    let colon = window.find([':', '：'])?;
    let before = text.get(..colon)?.trim_end();
    let word = before
        .trim_end_matches(|c: char| {
            c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^' | '*')
        })
        .trim_end();
    let lower = word.to_lowercase();
    if !words.contains(&lower.as_str()) {
        return None;
    }
    let after = text.get(colon..)?;
    Some(after.trim_start_matches([':', '：']).trim_start())
}

/// What follows a list tag such as `[team]`, or what a gateway puts before the subject
/// (`EXTERNAL:`, `*EXT*`, `***SPAM***`), unless nothing would be left.
fn without_tag(text: &str) -> Option<&str> {
    without_list_tag(text).or_else(|| without_warning(text))
}

fn without_warning(text: &str) -> Option<&str> {
    const WARNINGS: &[&str] = &[
        "external",
        "ext",
        "extern",
        "externe",
        "externo",
        "external email",
        "external sender",
        "spam",
    ];
    if let Some(after) = prefix(text, WARNINGS) {
        return Some(after).filter(|after| !after.is_empty());
    }
    let inner = text.trim_start_matches(['*', '(', '{']);
    if inner.len() == text.len() {
        return None;
    }
    let window = inner.get(..inner.floor_char_boundary(40)).unwrap_or(inner);
    let end = window.find(['*', ')', '}'])?;
    let word = window.get(..end)?.trim().to_ascii_lowercase();
    let after = inner.get(end..)?.trim_start_matches(['*', ')', '}', ' ']);
    (WARNINGS.contains(&word.as_str()) && !after.is_empty()).then_some(after)
}

fn without_list_tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let window = inner.get(..inner.floor_char_boundary(80)).unwrap_or(inner);
    let end = window.find(']')?;
    let after = inner.get(end + 1..)?.trim_start();
    (!after.is_empty() && !window.get(..end)?.contains('[')).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    #[test]
    fn in_reply_to_comes_first_then_references_from_the_newest() {
        let parsed = parse(
            b"Message-ID: <me@x>\r\nIn-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n <c@x> <me@x>\r\n\r\n",
        );
        let ids: Vec<_> = ancestors(&parsed)
            .iter()
            .map(|id| id.bare().to_owned())
            .collect();
        assert_eq!(ids, ["c@x", "b@x", "a@x"]);
    }

    #[test]
    fn addresses_and_prose_in_in_reply_to_name_no_message() {
        let parsed = parse(
            b"From: Ann <ann@a.example>\r\nTo: bob@b.example\r\nIn-Reply-To: Your message of \"Mon\" <bob@b.example>\r\nReferences: <a@x>\r\n\r\n",
        );
        let ids: Vec<_> = ancestors(&parsed)
            .iter()
            .map(|id| id.bare().to_owned())
            .collect();
        assert_eq!(ids, ["a@x"]);
    }

    #[test]
    fn long_reference_lists_are_cut() {
        let list: String = (0..500).map(|n| format!(" <{n}@x>\r\n")).collect();
        let parsed = parse(format!("References:{list}\r\n").as_bytes());
        assert_eq!(ancestors(&parsed).len(), 50);
        assert_eq!(ancestors(&parsed)[0].bare(), "499@x");
    }

    #[test]
    fn base_subject_is_the_same_for_the_whole_conversation() {
        for subject in [
            "Plan",
            "Re: Plan",
            "RE : Re: Plan",
            "AW: Plan",
            "SV: Fwd: Plan",
            "[team] Re[2]: Plan",
            "Re: [team] Plan",
            "回复：Plan",
            "Antw: Plan (fwd)",
            "WG: AW: Plan",
            "Re^3:  Plan",
        ] {
            assert_eq!(base_subject(subject), "Plan", "{subject}");
        }
        assert_eq!(base_subject("Release: Plan"), "Release: Plan");
        assert_eq!(base_subject("[team]"), "[team]");
    }
}

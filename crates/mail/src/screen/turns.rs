//! The turns of phrase and the forms in a text, found in one pass.

use super::phrases::PHRASES;
use crate::literals::Literals;

/// Names a link.
pub(super) const LINK: u32 = 1;
/// A token of a chat template.
pub(super) const TAG: u32 = 1 << 1;
/// A place to be filled in.
pub(super) const OPEN: u32 = 1 << 2;
/// A field or name of a tool's call.
pub(super) const TOOL: u32 = 1 << 3;
/// What such a call would do.
pub(super) const DOES: u32 = 1 << 4;
/// A word of those who write about attacks.
pub(super) const TOLD: u32 = 1 << 5;

/// Forms of three octets and more, in lower case.
const FORMS: [(u32, &[&str]); 6] = [
    (LINK, &["http://", "https://", "www."]),
    (TAG, &["[inst]", "<<sys", "<start_of_turn>", "<bos>"]),
    (
        OPEN,
        &[
            "[query",
            "[data",
            "<insert",
            "[insert",
            "[secret",
            "[code",
            "{data",
            "{summary",
            "where query",
            "<summary",
        ],
    ),
    (
        TOOL,
        &[
            "\"tool\"",
            "\"function\"",
            "\"action\"",
            "tool_call",
            "send_email(",
            "send_mail(",
            "send_message(",
            "\"name\":",
            "\"next_action\"",
        ],
    ),
    (DOES, &["send", "forward", "delete"]),
    (
        TOLD,
        &[
            "researcher",
            "prompt injection",
            "vulnerab",
            "attackers",
            "the phrase",
            "the sentence",
            "article",
            "blog",
            "such as",
            "for example",
        ],
    ),
];

const LISTS: [&[&str]; PHRASES.len() + FORMS.len()] = {
    let mut lists: [&[&str]; PHRASES.len() + FORMS.len()] = [&[]; PHRASES.len() + FORMS.len()];
    let mut list = 0;
    while list < lists.len() {
        lists[list] = if list < PHRASES.len() {
            PHRASES[list].1
        } else {
            FORMS[list - PHRASES.len()].1
        };
        list += 1;
    }
    lists
};

const COUNT: usize = {
    let mut count = 0;
    let mut list = 0;
    while list < LISTS.len() {
        count += LISTS[list].len();
        list += 1;
    }
    count
};

/// What each literal says: the bit of a sign, or of a form above 32.
const SAYS: [u64; COUNT] = {
    let mut says = [0; COUNT];
    let mut number = 0;
    let mut list = 0;
    while list < LISTS.len() {
        let bit = if list < PHRASES.len() {
            PHRASES[list].0.bit() as u64
        } else {
            (FORMS[list - PHRASES.len()].0 as u64) << 32
        };
        let mut index = 0;
        while index < LISTS[list].len() {
            says[number] = bit;
            number += 1;
            index += 1;
        }
        list += 1;
    }
    says
};

static LITERALS: Literals<COUNT> = Literals::new(&LISTS);

/// The signs of the phrases in lower-case text, and its forms.
pub(super) fn turns(lower: &str) -> (u32, u32) {
    let mut found = 0;
    LITERALS.each(lower.as_bytes(), |number, _| {
        found |= SAYS.get(number).copied().unwrap_or(0);
    });
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
    let mut forms = half(found >> 32);
    let octets = lower.as_bytes();
    let mut seen = [false; 2];
    // One of these is in each pair.
    for at in memchr::memchr3_iter(b'|', b'{', b'=', octets) {
        let before = at.checked_sub(1).and_then(|at| octets.get(at)).copied();
        let after = octets.get(at + 1).copied();
        match octets.get(at) {
            Some(b'|') => {
                seen[0] |= before == Some(b'<');
                seen[1] |= after == Some(b'>');
            }
            Some(b'{') if after == Some(b'{') => forms |= OPEN,
            Some(b'=') if matches!(after, Some(b'{' | b'[' | b'<')) => forms |= OPEN,
            _ => {}
        }
    }
    if seen == [true; 2] {
        forms |= TAG;
    }
    (half(found), forms)
}

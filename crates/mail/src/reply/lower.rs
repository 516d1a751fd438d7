//! Which lists of phrases a text has one of: all are looked for in one pass, because most texts have
//! none.

use super::language::{ORIGINAL, REPLY_ABOVE, UNDELIVERED};
use super::notices::{BESIDE_NOTICES, FOOTERS, LEAVING, LEGAL, MESSAGE_WORDS, SECRET_WORDS};
use crate::literals::Literals;

/// A list of what stands under the author's words.
#[derive(Clone, Copy)]
pub(super) enum Notice {
    Footer,
    Leaving,
    Legal,
    MessageWord,
    SecretWord,
    Beside,
}

/// The lists in the order of [`Notice`].
const NOTICES: [&[&str]; 6] = [
    FOOTERS,
    LEAVING,
    LEGAL,
    MESSAGE_WORDS,
    SECRET_WORDS,
    BESIDE_NOTICES,
];

/// Where each list ends in the order of all phrases.
const ENDS: [usize; NOTICES.len()] = {
    let mut ends = [0; NOTICES.len()];
    let mut list = 0;
    let mut end = 0;
    while list < NOTICES.len() {
        end += NOTICES[list].len();
        ends[list] = end;
        list += 1;
    }
    ends
};

/// What stands between an old message's line and the program that drew it.
const BY: [&str; 3] = [" processed by ", " bearbeitet ", " verarbeitet "];

static NOTICE: Literals<{ ENDS[NOTICES.len() - 1] }> = Literals::new(&NOTICES);
static ABOVE: Literals<{ REPLY_ABOVE.len() + BY.len() }> = Literals::new(&[REPLY_ABOVE, &BY]);
static REPORT: Literals<{ UNDELIVERED.len() }> = Literals::new(&[UNDELIVERED]);

/// A text in lower case with the notices in it.
pub(super) struct Lower {
    pub(super) text: String,
    has: [bool; NOTICES.len()],
}

impl Lower {
    pub(super) fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut has = [false; NOTICES.len()];
        NOTICE.each(text.as_bytes(), |number, _| {
            let list = ENDS.iter().position(|end| number < *end);
            if let Some(has) = list.and_then(|list| has.get_mut(list)) {
                *has = true;
            }
        });
        Self { text, has }
    }

    /// Whether one phrase of a list stands in the text.
    pub(super) fn has_one(&self, notice: Notice) -> bool {
        self.has.get(notice as usize).copied().unwrap_or(false)
    }
}

/// Whether a text in lower case says that a message did not arrive.
pub(super) fn says_undelivered(lower: &str) -> bool {
    REPORT.has_one(lower.as_bytes())
}

/// Whether a text in lower case asks for answers above it, if it may, or is what stands above an old
/// message with the program that wrote it.
pub(super) fn speaks_of_old_message(lower: &str, may_ask: bool) -> bool {
    let mut speaks = false;
    ABOVE.each(lower.as_bytes(), |number, at| {
        speaks |= if number < REPLY_ABOVE.len() {
            may_ask
        } else {
            let phrase = lower.get(..at).unwrap_or_default();
            ORIGINAL.contains(&phrase)
        };
    });
    speaks
}

//! What a line of a message is, and the lines that stand alone: dividers, forwards, reports.

use super::language::{FORWARDED, ORIGINAL};
use super::lower::{says_undelivered, speaks_of_old_message};

/// A line as the reader sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line<'a> {
    /// The words, without quote marks and outer blanks.
    pub(super) text: std::borrow::Cow<'a, str>,
    /// How deeply it is quoted.
    pub(super) depth: usize,
    pub(super) mark: Mark,
    /// A paragraph begins here.
    pub(super) gap: bool,
}

/// What the HTML around a line says about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    #[default]
    None,
    /// The client's own element for the line above a quotation.
    Attribution,
    /// The client's own element for the beginning of the old message.
    History,
    /// The client's own element for a forwarded message.
    Forward,
    /// Inside a quotation that a client made.
    Quoted,
    /// Inside the element a client puts the signature in.
    Signature,
    /// Stands in an earlier message of the thread.
    Proven,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// Words of the author's own: not blank, not quoted.
    pub(super) fn is_own(&self) -> bool {
        self.depth == 0 && !self.is_blank()
    }

    /// Pictures and nothing else.
    pub(super) fn is_picture(&self) -> bool {
        !self.text.is_empty() && self.text.chars().all(|c| c == '\u{fffc}' || c == ' ')
    }
}

/// Octets from which a quoted line counts as one that a mailer may have wrapped.
const WRAPPED_FROM: usize = 50;
/// Octets of an overflow that does not begin in lower case.
const MAX_OVERFLOW: usize = 40;

/// Whether `line` is the rest of the quoted line `above` it, which a mailer wrapped, rather than an
/// answer to it. An answer that is lost is worse than a word that stays: what begins like a sentence
/// or ends like one is an answer.
pub(super) fn is_overflow(above: &Line<'_>, line: &Line<'_>) -> bool {
    const ENDS: &[char] = &[',', '.', '!', '?', ':', ';', '…', '。', '！', '？', '：'];
    if line.gap || above.text.len() < WRAPPED_FROM / 2 {
        return false;
    }
    if line.text.starts_with(char::is_lowercase) {
        return !above.text.ends_with(ENDS) || above.text.len() >= WRAPPED_FROM;
    }
    above.text.len() >= WRAPPED_FROM
        && line.text.len() <= MAX_OVERFLOW
        && !above.text.ends_with(ENDS)
        && !line.text.ends_with(ENDS)
}

/// `-----Original Message-----` in its many forms.
pub(super) fn is_divider(line: &str) -> bool {
    if line.len() > 240 {
        return false;
    }
    between_dashes(line).is_some_and(|inner| {
        // `------------------ Original ------------------`
        let bare = inner.trim_end_matches(['-', ' ', '\u{a0}', '_', '=']);
        bare == "original" || ORIGINAL.iter().any(|phrase| inner.starts_with(phrase))
    }) || is_lone_phrase(line, ORIGINAL)
        || is_spoken_divider(line)
}

/// `Original Message processed by david`, which names the program instead of drawing a line, and
/// `##- Please type your reply above this line -##`, which help desks put above the old messages.
fn is_spoken_divider(line: &str) -> bool {
    if line.len() > 200 || line.len() < 12 {
        return false;
    }
    let lower = line.to_lowercase();
    let drawn = line.starts_with(['#', '-', '=', '*', '_', '~', '—', '–', '+']);
    speaks_of_old_message(&lower, drawn || line.len() <= 90)
}

/// `---------- Forwarded message ---------` in its many forms.
pub(super) fn is_forward(line: &str) -> bool {
    between_dashes(line)
        .is_some_and(|inner| FORWARDED.iter().any(|phrase| inner.starts_with(phrase)))
        || is_lone_phrase(line, FORWARDED)
}

/// The lower-cased text after at least two dashes or underscores.
fn between_dashes(line: &str) -> Option<String> {
    let line = line.trim_start_matches('*');
    let inner = line.trim_start_matches(['-', '_', '=', '*', '—', '–', ' ', '>', '\u{a0}']);
    let dashes = line.len() - inner.len();
    let marked = line.starts_with("--")
        || line.starts_with("__")
        || line.starts_with("==")
        || line.starts_with('—')
        || line.starts_with("- ")
        || line.starts_with("**");
    if dashes < 2 || !marked || inner.is_empty() {
        return None;
    }
    let window = inner.get(..inner.floor_char_boundary(80)).unwrap_or(inner);
    Some(window.to_lowercase())
}

/// The phrase alone on its line, with a colon.
fn is_lone_phrase(line: &str, phrases: &[&str]) -> bool {
    if line.len() > 80 || !line.ends_with([':', '：']) {
        return false;
    }
    let lower = line
        .trim_end_matches([':', '：', ' ', '\u{a0}'])
        .to_lowercase();
    phrases.contains(&lower.as_str())
}

/// The first words of an automatic report about a message that could not be delivered.
pub(super) fn is_bounce(lines: &[Line<'_>]) -> bool {
    const OPENINGS: &[&str] = &[
        "this is the mail system at host",
        "this message was created automatically by mail delivery software",
        "delivery has failed to these recipients",
        "delivery to the following recipient",
        "your message did not reach some or all",
        "hi. this is the qmail-send program",
        "** address not found **",
        "the original message was received at",
        "the following message to",
        "mail delivery failed",
        "undelivered mail returned to sender",
        "message not delivered",
        "address not found",
    ];
    lines
        .iter()
        .filter(|line| line.is_own())
        .take(4)
        .any(|line| {
            let window = line
                .text
                .get(..line.text.floor_char_boundary(160))
                .unwrap_or(&line.text);
            let lower = window.to_lowercase();
            OPENINGS.iter().any(|opening| lower.starts_with(opening)) || says_undelivered(&lower)
        })
}

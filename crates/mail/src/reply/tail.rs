//! What stands under the author's words: device notes, footers, legal notices, a signature.
//!
//! All of it is looked for from the end upwards, so that a line in the midst of a message is
//! never taken for one of them.

use super::lines::{Line, Mark};
use super::lower::{Lower, Notice};
use super::signature;
use super::words::{is_contact, is_link, is_name, is_rule, is_signature_mark, is_title};

use super::notices::{DEVICES, LEAVING_STARTS, SENT, SENT_AT_END};

/// Lines at the end of a message that are looked at.
const MAX_LINES: usize = 80;
/// Lines without a mark of their own that may stand under a notice.
const MAX_NEUTRAL: usize = 14;
/// Signatures one above the other: a program's, a firm's and a person's.
const MAX_SIGNATURES: usize = 5;
/// Octets of the shortest phrases looked for.
const MIN_PHRASE: usize = 6;
/// Octets of a paragraph that are looked at for legal words.
const MAX_PARAGRAPH: usize = 3_000;
/// Octets from which words about secrecy are a notice rather than a remark.
const LEGAL_FROM: usize = 60;

/// How many of the lines stay when the boilerplate under them, and the signature if asked for,
/// is taken off.
pub(super) fn stays(shown: &[&Line<'_>], strip_signature: bool) -> usize {
    let mut end = boilerplate(shown, shown.len());
    if strip_signature {
        for _ in 0..MAX_SIGNATURES {
            let shorter = boilerplate(shown, signature::start(shown, end));
            if shorter >= end {
                break;
            }
            end = shorter;
        }
    }
    end
}

/// Whether the lines are nothing but a signature and boilerplate.
pub(super) fn is_furniture(shown: &[&Line<'_>]) -> bool {
    let end = boilerplate(shown, shown.len());
    let rest = shown.get(..end).unwrap_or_default();
    rest.iter().all(|line| line.is_blank())
        || rest
            .iter()
            .all(|line| line.is_blank() || line.mark == Mark::Signature)
        || signature::is_block(rest)
}

/// Where the boilerplate under the first `end` lines begins; the end of the words if there is
/// none.
fn boilerplate(shown: &[&Line<'_>], end: usize) -> usize {
    let end = end_of_words(shown, end);
    let floor = end.saturating_sub(MAX_LINES);
    let mut cut = end;
    let mut at = end;
    let mut neutral = 0;
    while at > floor {
        let Some(line) = shown.get(at - 1) else { break };
        if line.is_blank() {
            at -= 1;
            continue;
        }
        if line.depth > 0 {
            break;
        }
        if is_device_note(&line.text) || is_footer(&line.text) {
            at -= 1;
            cut = at;
            continue;
        }
        if let Some(start) = legal_notice(shown, at, floor) {
            at = start;
            cut = at;
            continue;
        }
        neutral += 1;
        if neutral > MAX_NEUTRAL || !is_neutral(line) {
            break;
        }
        at -= 1;
    }
    let mut cut = end_of_words(shown, cut);
    // A line drawn above a notice goes with it.
    while cut < end
        && cut > 0
        && shown
            .get(cut - 1)
            .is_some_and(|line| line.depth == 0 && is_drawn(&line.text))
    {
        cut = end_of_words(shown, cut - 1);
    }
    cut
}

fn is_drawn(text: &str) -> bool {
    is_rule(text) || is_signature_mark(text) || matches!(text, "__" | "==" | "**")
}

/// `end` without the blank lines before it.
pub(super) fn end_of_words(shown: &[&Line<'_>], end: usize) -> usize {
    shown
        .get(..end)
        .unwrap_or_default()
        .iter()
        .rposition(|line| !line.is_blank())
        .map_or(0, |last| last + 1)
}

/// Where the paragraph begins whose last line is the one before `at`.
pub(super) fn paragraph_start(shown: &[&Line<'_>], at: usize, floor: usize) -> usize {
    let mut start = at.saturating_sub(1);
    while start > floor
        && shown.get(start).is_some_and(|line| !line.gap)
        && shown.get(start - 1).is_some_and(|above| above.is_own())
    {
        start -= 1;
    }
    start
}

/// The first line of the legal notice that ends before `at`.
fn legal_notice(shown: &[&Line<'_>], at: usize, floor: usize) -> Option<usize> {
    let start = paragraph_start(shown, at, floor);
    let mut joined = String::new();
    for line in shown.get(start..at)? {
        if joined.len() > MAX_PARAGRAPH {
            return None;
        }
        joined.push_str(&line.text);
        joined.push(' ');
    }
    if joined.len() < MIN_PHRASE || !is_legal(&Lower::of(&joined)) {
        return None;
    }
    // The author's name may stand right above it.
    let first = shown.get(start..at)?.iter().position(|line| {
        let lower = Lower::of(&line.text);
        lower.has_one(Notice::Legal)
            || lower.has_one(Notice::MessageWord)
            || lower.has_one(Notice::SecretWord)
    });
    Some(start + first.unwrap_or(0))
}

fn is_legal(lower: &Lower) -> bool {
    let text = lower.text.as_str();
    let length = text.len();
    if lower.has_one(Notice::Legal) {
        return true;
    }
    let asks = text.starts_with("please ") || text.starts_with("bitte ");
    // "This email is confidential."
    let declares = text.starts_with("this ") && length >= 30;
    !asks
        && (length >= LEGAL_FROM || declares)
        && lower.has_one(Notice::SecretWord)
        && lower.has_one(Notice::MessageWord)
}

/// May stand under a notice without being one.
fn is_neutral(line: &Line<'_>) -> bool {
    let text = line.text.as_ref();
    line.mark == Mark::Signature
        || line.is_picture()
        || is_drawn(text)
        || is_contact(text)
        || is_link(text)
        || is_name(text)
        || text.contains('©')
        || text.starts_with("Copyright ")
        // `Acme Inc., 12 Long Street, Some Town`
        || (text.contains(',') && text.contains(|c: char| c.is_ascii_digit()) && is_title(text))
        || {
            let lower = Lower::of(text);
            lower.has_one(Notice::Beside)
                || (text.len() >= LEGAL_FROM
                    && (lower.has_one(Notice::MessageWord) || lower.has_one(Notice::SecretWord)))
        }
}

/// A footer of a list, a shop or a program.
fn is_footer(text: &str) -> bool {
    if text.len() > 600 || text.len() < MIN_PHRASE {
        return false;
    }
    let lower = Lower::of(text);
    if lower.has_one(Notice::Footer) {
        return true;
    }
    lower.has_one(Notice::Leaving) && {
        let lower = lower.text.as_str();
        let bare = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
        let begins = LEAVING_STARTS.iter().any(|start| bare.starts_with(start));
        let linked = lower.contains("http") || lower.contains(" | ") || lower.contains(" · ");
        linked || (begins && !lower.contains(" me ") && !lower.ends_with('?'))
    }
}

/// A line a telephone or an app puts under a message: `Sent from my iPhone`. `Sent from my desk,
/// which is easier` is somebody's own sentence.
pub(super) fn is_device_note(text: &str) -> bool {
    if text.len() > 300 {
        return false;
    }
    let lower = text.to_lowercase();
    let lower = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
    let lower = lower.replace(['[', ']', '*', '_'], "");
    let link = ["http", "<", "("]
        .iter()
        .filter_map(|mark| lower.find(mark));
    let plain = lower
        .get(..link.min().unwrap_or(lower.len()))
        .unwrap_or(&lower);
    let plain = plain.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '\'');
    let words = plain.split_whitespace().count();
    let mobile = plain.contains("ios") || plain.contains("android");
    let linked = lower.contains("aka.ms/") || plain.starts_with("get ");
    let is_outlook = plain.contains("outlook") && (mobile || linked);
    if is_outlook && words <= 9 && !text.ends_with('?') {
        return true;
    }
    let ends = SENT_AT_END.iter().any(|verb| plain.ends_with(verb));
    if ends && words <= 12 && DEVICES.iter().any(|device| plain.contains(device)) {
        return true;
    }
    // `Sent from Nine`: a program of any name.
    let program = text
        .strip_prefix("Sent from ")
        .or_else(|| text.strip_prefix("Sent with "))
        .or_else(|| text.strip_prefix("Sent via "));
    if program.is_some_and(|name| words <= 4 && is_name(name)) {
        return true;
    }
    SENT.iter().any(|start| {
        plain.strip_prefix(start).is_some_and(|rest| {
            let reach = rest
                .char_indices()
                .filter(|(_, c)| c.is_whitespace())
                .nth(4)
                .map_or(rest.len(), |(at, _)| at);
            let near = rest.get(..reach).unwrap_or(rest);
            let near = near.split([',', ';', '!', '?']).next().unwrap_or(near);
            let unknown = *start == "sent from " && rest.starts_with("my ") && {
                !rest.contains([',', '.', ';']) && rest.split_whitespace().count() <= 5
            };
            unknown || DEVICES.iter().any(|device| near.contains(device))
        })
    })
}

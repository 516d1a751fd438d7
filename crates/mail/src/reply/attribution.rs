//! The line above a quotation that says who wrote it and when.

use std::ops::Range;

use super::language::{ATTRIBUTIONS, DAYS};
use super::lines::{Line, Mark};
use super::words::{is_name, may_have_colon};

/// Lines an attribution may be wrapped over, and octets it may have.
const MAX_ATTRIBUTION_LINES: usize = 4;
const MAX_ATTRIBUTION: usize = 400;
/// Octets from which a name alone on a line may go on in the next.
const MIN_WRAPPED_NAME: usize = 40;

/// If an attribution begins at `at`, the line it ends on. A quoted line can be one too: some
/// clients quote the attribution with the message.
pub(super) fn attribution(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at).filter(|line| !line.is_blank())?;
    let depth = first.depth;
    if first.mark == Mark::Attribution {
        let more = lines.get(at + 1..)?;
        let run = more
            .iter()
            .take_while(|l| l.mark == Mark::Attribution && l.depth == depth);
        return Some(at + run.count());
    }
    let near = lines.get(at..)?.iter().take(MAX_ATTRIBUTION_LINES);
    let mut octets = 0;
    for (count, line) in near.enumerate() {
        octets += line.text.len() + 1;
        let apart = count > 0 && (line.gap || line.mark == Mark::Attribution);
        if line.is_blank() || apart || line.depth != depth || octets > MAX_ATTRIBUTION {
            break;
        }
        let last = at + count;
        if may_end(&line.text) && is_attribution(lines, at, last) {
            return Some(last);
        }
        if count == 1
            && is_name_over_date(&first.text, &line.text)
            && stands_over_quote(lines, last)
        {
            return Some(last);
        }
        if count == 0
            && first.text.len() > 20
            && ((names_sender_and_date(&first.text) && stands_over_quote(lines, at))
                || is_dated_name(&first.text))
        {
            return Some(at);
        }
    }
    None
}

/// `Ann Lee <ann@a.example>` above `Tuesday, 25 August 2026 10:41`.
fn is_name_over_date(first: &str, second: &str) -> bool {
    first.len() < 120
        && has_address(first)
        && first.ends_with(['>', ']', ')'])
        && has_time(second)
        && second.len() < 80
        && opens(&second.to_lowercase())
}

/// Cheap: most lines of a message fail here.
fn may_end(line: &str) -> bool {
    // Zoho draws lines around it.
    if line.starts_with("---- ") && line.ends_with(" ----") {
        return true;
    }
    let line = line.trim_end_matches(['*', '_', '-', ' ', '\u{a0}']);
    if line.ends_with([':', '：', '︰']) {
        return true;
    }
    line.len() >= 5
        && line
            .get(line.len() - 5..)
            .is_some_and(|end| end.eq_ignore_ascii_case("wrote"))
        || line.ends_with(['道', '성', '다', 'た'])
}

/// `2016-03-03 17:21 GMT+01:00 Ann Lee`, which Gmail wrote in every language it did not know.
fn is_dated_name(line: &str) -> bool {
    let shape = |b: u8| if b.is_ascii_digit() { b'0' } else { b };
    let octets = line.as_bytes().iter().copied().map(shape);
    octets.take(20).eq(b"0000-00-00 00:00 GMT".iter().copied()) && line.len() > 27
}

fn is_attribution(lines: &[Line<'_>], at: usize, last: usize) -> bool {
    let Some(range) = lines.get(at..=last) else {
        return false;
    };
    let over_quote = stands_over_quote(lines, last);
    let strong = range.iter().any(|line| names_sender_or_time(&line.text));
    // Nothing to date it and nothing quoted below: prose, whatever its verbs.
    if !strong && !over_quote {
        return false;
    }
    let words: Vec<&str> = range.iter().map(|line| line.text.as_ref()).collect();
    let first = words.first().copied().unwrap_or_default();
    let wrapped = last > at;
    if wrapped && begins_lower_down(&words) {
        return false;
    }
    let joined = words.join(" ");
    if !over_quote && has_sentence_end(&joined) {
        return false;
    }
    let lower = joined.to_lowercase();
    let lower = lower.trim_start_matches(['-', '*', '_', ' ', '>']);
    let first_names = !wrapped || names_sender_or_time(first);
    // `2026年8月25日 10:41 Ann <ann@a.example>:` and its like need no verb in any language.
    let bare = lower.trim_end_matches([':', '：', '︰', ' ']);
    if bare.ends_with('>') && has_address(lower) && has_time(lower) && first_names {
        return true;
    }
    says_who_wrote(lower, over_quote, first_names) || (over_quote && strong && first_names)
}

/// An opening and a verb of one language, or a verb and the name at the end.
fn says_who_wrote(lower: &str, over_quote: bool, first_names: bool) -> bool {
    let groups = numbers(lower);
    let precise =
        has_address(lower) || (has_date(lower) && groups > 1) || (has_time(lower) && groups > 2);
    ATTRIBUTIONS.iter().any(|language| {
        let Some(after) = language.verbs.iter().find_map(|verb| {
            if language.unspaced {
                lower.find(verb).map(|at| at + verb.len())
            } else {
                find_word(lower, verb)
            }
        }) else {
            return false;
        };
        let start = language.starts.iter().any(|start| lower.starts_with(start));
        if start && (precise || over_quote) {
            return true;
        }
        // `Ann Lee <ann@a.example> wrote on 25 August 2026 at 10:41:`
        let dated_after = has_date(lower)
            && lower
                .get(after..)
                .is_some_and(|rest| opens(rest.trim_start_matches([' ', '(', ','])));
        first_names
            && (precise || over_quote)
            && (dated_after || ends_in_verb_or_name(lower, language.verbs))
    })
}

/// The words of the first line are the author's, and the attribution begins on a line below.
fn begins_lower_down(lines: &[&str]) -> bool {
    let Some((first, below)) = lines.split_first() else {
        return false;
    };
    let lower = first.to_lowercase();
    let sentence = first.trim_end_matches(['.', '!', '?', '。', '！', '？']);
    let is_ended = sentence.len() < first.len();
    let rest = below.join(" ");
    let says_all = has_address(&rest) && has_date(&rest) && has_time(&rest);
    let opening = lower.trim_start_matches(['-', '*', '_', ' ', '>']);
    if opens(opening) {
        // `10:30.` may end a sentence above a line that opens by a word of its own.
        return is_ended && says_all && !opens_by_word(opening) && opens(&rest.to_lowercase());
    }
    let letters = sentence.chars().rev().take_while(|c| c.is_alphanumeric());
    if is_ended && (letters.count() >= 4 || says_all) {
        return true;
    }
    // `Ann Lee <ann@a.example> wrote` above the date.
    let mut verbs = ATTRIBUTIONS.iter().flat_map(|language| language.verbs);
    if has_address(first)
        && (lower.ends_with(['>', ',', ')']) || verbs.any(|verb| lower.ends_with(verb)))
    {
        return false;
    }
    // Only a name so long that it was wrapped may stand above lines that say everything else.
    let name = is_name(first) && first.len() >= MIN_WRAPPED_NAME;
    if says_all && !rest.starts_with('<') && !name {
        return true;
    }
    below.iter().any(|line| {
        let lower = line.to_lowercase();
        opens_by_word(&lower)
            || (begins_with_date(&lower) && !has_address(first) && !has_date(first))
    })
}

/// The beginning of an attribution: `on tue, 25 …`, `2026-08-25 …`, `wt., 25 …`.
pub(super) fn opens(lower: &str) -> bool {
    begins_with_date(lower) || opens_by_word(lower)
}

fn opens_by_word(lower: &str) -> bool {
    ATTRIBUTIONS
        .iter()
        .flat_map(|language| language.starts)
        .any(|start| lower.strip_prefix(start).is_some_and(begins_with_date))
}

/// Octets in which a date shows that it is one.
const DATE_WINDOW: usize = 30;

fn begins_with_date(lower: &str) -> bool {
    let lower = lower.trim_start_matches(['"', '(', ' ']);
    let window = lower
        .get(..lower.floor_char_boundary(DATE_WINDOW))
        .unwrap_or(lower);
    let digits = window.bytes().filter(u8::is_ascii_digit).count();
    if window.starts_with(|c: char| c.is_ascii_digit()) {
        return digits >= 3;
    }
    let word = window
        .split(|c: char| !c.is_alphabetic() && c != '-')
        .next()
        .unwrap_or_default();
    digits >= 1 && !word.is_empty() && DAYS.contains(&word)
}

/// Octets of a line looked at before a colon, and colons looked at.
const GLUED_WINDOW: usize = 220;
const GLUED_COLONS: usize = 12;

/// The attribution inside a line whose breaks were lost: `Yes. On Tue, 25 Aug 2026 at 10:41, Ann
/// <ann@a.example> wrote: > Shall we?`
pub(super) fn glued(line: &str) -> Option<Range<usize>> {
    if line.len() < 40 || !may_have_colon(line) {
        return None;
    }
    let mut tried = 0;
    for (colon, mark) in line.match_indices([':', '：']) {
        let end = colon + mark.len();
        let after = line.get(end..)?;
        let before = line.get(..colon)?.trim_end();
        if !(after.is_empty() || after.starts_with([' ', '>']))
            || before.ends_with(|c: char| c.is_ascii_digit())
        {
            continue;
        }
        tried += 1;
        if tried > GLUED_COLONS {
            return None;
        }
        let from = line.floor_char_boundary(colon.saturating_sub(GLUED_WINDOW));
        let window = line.get(from..end)?;
        let starts = std::iter::once(0)
            .filter(|_| from == 0)
            .chain(window.match_indices(' ').map(|(at, _)| at + 1));
        for start in starts {
            let candidate = window.get(start..)?;
            if from + start == 0 && after.trim().is_empty() {
                // The line is an attribution and nothing else.
                let lower = candidate.to_lowercase();
                if opens(lower.trim_start_matches(['-', '*', '_', ' '])) {
                    return None;
                }
            } else if is_glued(candidate, line.get(..from + start)?) {
                return Some(from + start..end);
            }
        }
    }
    None
}

fn is_glued(candidate: &str, before: &str) -> bool {
    let Some(first) = candidate.chars().next() else {
        return false;
    };
    let before = before.trim_end();
    // Without a word that opens an attribution a sentence has to end right before it.
    let letters = before.trim_end_matches(['.', '!', '?', '。', '！', '？', '…']);
    let after_sentence = before.is_empty()
        || (letters.len() < before.len()
            && letters
                .chars()
                .rev()
                .take_while(|c| c.is_alphabetic())
                .count()
                >= 3);
    if !first.is_alphanumeric()
        || (first.is_lowercase() && !after_sentence)
        || (1..3).contains(&before.len())
        || has_sentence_end(candidate)
    {
        return false;
    }
    let lower = candidate.to_lowercase();
    let bare = lower.trim_end_matches([':', '：', ' ']);
    let timed = has_address(bare) && has_time(bare);
    let ends = |opened: bool| {
        ATTRIBUTIONS.iter().any(|language| {
            (!opened || language.starts.iter().any(|start| lower.starts_with(start)))
                && language
                    .verbs
                    .iter()
                    .any(|verb| contains_word(&lower, verb))
                && ends_in_verb_or_name(&lower, language.verbs)
        })
    };
    let by_date =
        after_sentence && timed && begins_with_date(&lower) && (bare.ends_with('>') || ends(false));
    by_date
        || (!first.is_lowercase()
            && opens_by_word(&lower)
            && ((timed && bare.ends_with('>'))
                || ((has_time(&lower) || has_address(&lower)) && ends(true))))
}

/// A full stop after a word that is no abbreviation, and a capital after it.
fn has_sentence_end(text: &str) -> bool {
    text.match_indices(['.', '!', '?']).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let letters = before
            .chars()
            .rev()
            .take_while(|c| c.is_alphabetic())
            .count();
        let after = text.get(at + 1..).unwrap_or_default();
        (letters >= 4 || before.ends_with([')', '"', '”', '»']))
            && after.starts_with(' ')
            && after.trim_start().starts_with(char::is_uppercase)
    })
}

/// Without an opening word, prose such as `As Ann wrote at 10:30 in her note to all:` must not
/// pass: the verb, or a name with an address, has to stand at the end.
fn ends_in_verb_or_name(lower: &str, verbs: &[&str]) -> bool {
    let bare = lower.trim_end_matches([':', '：', '︰', ' ', '-', '*']);
    bare.ends_with(['>', ')', ']']) || verbs.iter().any(|verb| bare.ends_with(verb))
}

/// The next line with words is a more deeply quoted one, at most one blank line further down.
fn stands_over_quote(lines: &[Line<'_>], at: usize) -> bool {
    let depth = lines.get(at).map_or(0, |line| line.depth);
    lines
        .iter()
        .skip(at + 1)
        .take(3)
        .find(|line| line.depth > depth || !line.is_blank())
        .is_some_and(|line| line.depth > depth)
}

fn contains_word(text: &str, word: &str) -> bool {
    find_word(text, word).is_some()
}

/// Where `word` ends in `text`.
fn find_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).find_map(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let whole =
            !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic);
        whole.then_some(at + word.len())
    })
}

/// `12:30`, `12.30`, `12h30`.
pub(super) fn has_time(text: &str) -> bool {
    // A third digit makes it a sum: `1.250`.
    text.as_bytes().windows(4).enumerate().any(|(at, w)| {
        matches!(w, [a, b':' | b'.' | b'h', c, d] if a.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit())
            && !text.as_bytes().get(at + 4).is_some_and(u8::is_ascii_digit)
    })
}

/// `2026`, or `25/08/26` and its like.
pub(super) fn has_date(text: &str) -> bool {
    text.as_bytes().windows(4).any(|w| {
        matches!(w, [b'1', b'9', c, d] | [b'2', b'0', c, d] if c.is_ascii_digit() && d.is_ascii_digit())
            || matches!(w, [a, b'/' | b'.' | b'-', b, b'/' | b'.' | b'-'] if a.is_ascii_digit() && b.is_ascii_digit())
            || matches!(w, [b'/' | b'.' | b'-', a, b, b'/' | b'.' | b'-'] if a.is_ascii_digit() && b.is_ascii_digit())
    })
}

fn names_sender_or_time(text: &str) -> bool {
    has_time(text) || has_date(text) || has_address(text)
}

/// An `@` between letters, which a handle such as `@ann` has not.
pub(super) fn has_address(text: &str) -> bool {
    let octets = text.as_bytes();
    memchr::memchr_iter(b'@', octets).any(|at| {
        let octet = |at: Option<usize>| at.and_then(|at| octets.get(at));
        let before = octet(at.checked_sub(1))
            .is_some_and(|a| a.is_ascii_alphanumeric() || *a >= 0x80 || b"._-+\"'".contains(a));
        before
            && octet(Some(at + 1))
                .is_some_and(|c| c.is_ascii_alphanumeric() || *c >= 0x80 || *c == b'[')
    })
}

/// Groups of digits.
fn numbers(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .count()
}

fn names_sender_and_date(text: &str) -> bool {
    has_address(text)
        && text.trim_end_matches([':', ' ']).ends_with('>')
        && (has_time(text) || has_date(text))
}

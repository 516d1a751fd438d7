//! Which lines are quoted because earlier messages of the thread have them.

use std::ops::Range;

use super::attribution::{has_address, has_date, has_time};
use super::earlier::count_words;
use super::headers::label;
use super::lines::{Line, Mark};
use super::signature;
use super::tail::{end_of_words, stays};
use super::words::is_rule;

/// Words a quotation must have when nothing marks it, and when a line above it does.
const UNMARKED: usize = 15;
const MARKED: usize = 6;
/// Lines above a quotation that may say where it comes from, and octets of one of them.
const MAX_OPENING: usize = 5;
const MAX_OPENING_LINE: usize = 200;

/// The ranges of `shown` that are quoted: at the end, and at the beginning when the answer
/// stands below.
pub(super) fn quoted(shown: &[&Line<'_>]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let end = stays(shown, false);
    if let Some(start) = at_the_end(shown, end) {
        out.push(start..end);
    } else if let Some(end) = at_the_beginning(shown) {
        out.push(0..end);
    }
    out
}

fn is_proven(line: &Line<'_>) -> bool {
    line.mark == Mark::Proven
}

/// Blank, or a mark that a mailer wrapped onto a line of its own.
fn is_wordless(line: &Line<'_>) -> bool {
    line.is_blank() || (line.depth == 0 && !line.is_picture() && count_words(&line.text) == 0)
}

/// Where the proven lines begin that reach to `end`, with what stands above them to say whose
/// words they are.
fn at_the_end(shown: &[&Line<'_>], end: usize) -> Option<usize> {
    let mut start = end;
    // A line between proven ones was changed a little on the way; two were written.
    let mut strays = 0;
    for at in (0..end).rev() {
        let line = shown.get(at)?;
        if is_wordless(line) {
            continue;
        }
        if line.depth > 0 {
            break;
        }
        if is_proven(line) {
            start = at;
            strays = 0;
        } else if start < end && count_words(&line.text) <= 4 && strays == 0 {
            strays += 1;
        } else {
            break;
        }
    }
    if start == end {
        return None;
    }
    let opening = opening(shown, start);
    // The author signed earlier messages in the same way. Under an opening the signature is that
    // of the old message.
    let signed = if opening < start {
        let inner = shown.get(start..end).unwrap_or_default();
        start + signature::start(inner, inner.len())
    } else {
        signature::start(shown, end).max(start)
    };
    let words = counted(shown, start..signed);
    let wanted = if opening < start { MARKED } else { UNMARKED };
    (words >= wanted).then_some(opening)
}

/// Where a quotation ends that begins the message, if words follow.
fn at_the_beginning(shown: &[&Line<'_>]) -> Option<usize> {
    let first = shown.iter().position(|line| is_proven(line))?;
    let marked = opening(shown, first) == 0 && first > 0;
    let nothing_above = shown.iter().take(first).all(|line| line.is_blank());
    if !marked && !nothing_above {
        return None;
    }
    let run = shown
        .iter()
        .skip(first)
        .take_while(|line| is_wordless(line) || is_proven(line))
        .count();
    let end = end_of_words(shown, first + run);
    let follows = shown.iter().skip(end).any(|line| line.is_own());
    let wanted = if marked { MARKED } else { UNMARKED };
    (follows && counted(shown, first..end) >= wanted).then_some(end)
}

fn counted(shown: &[&Line<'_>], range: Range<usize>) -> usize {
    let lines = shown.get(range).unwrap_or_default();
    lines
        .iter()
        .filter(|line| is_proven(line))
        .map(|line| count_words(&line.text))
        .sum()
}

/// The first of the lines right above `start` that say whose words follow: an attribution in a
/// language nobody listed, a header block, a drawn line.
fn opening(shown: &[&Line<'_>], start: usize) -> usize {
    let mut opening = start;
    let (mut headers, mut proven) = (0, false);
    let above = shown
        .get(..start)
        .unwrap_or_default()
        .iter()
        .enumerate()
        .rev();
    let words = above.filter(|(_, line)| !line.is_blank());
    for (at, line) in words.take(MAX_OPENING) {
        let text = line.text.as_ref();
        if line.depth > 0 || text.len() > MAX_OPENING_LINE {
            break;
        }
        if names_author(text) {
            opening = at;
            headers = 0;
        } else if is_header(text) {
            // Words such as `Answer: yes` look like one header, not like three.
            headers += 1;
            proven |= has_address(text) || has_date(text);
            if label(text).is_some() || (headers >= 3 && proven) {
                opening = at;
            }
        } else {
            break;
        }
    }
    opening
}

fn names_author(text: &str) -> bool {
    let colon = text.trim_end().ends_with([':', '：']);
    let dated = has_date(text) && has_time(text);
    let drawn = is_rule(text) || (text.starts_with("--") && text.ends_with("--"));
    drawn || (colon && (has_date(text) || has_address(text))) || (dated && has_address(text))
}

fn is_header(text: &str) -> bool {
    text.split_once([':', '：']).is_some_and(|(name, value)| {
        name.chars().count() <= 20 && value.starts_with(' ') && name.split(' ').count() <= 2
    })
}

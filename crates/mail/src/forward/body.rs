//! Where the parts of a forwarding message end.

use crate::Correspondent;

use super::line::{self, Line};
use super::people;
use super::separators::{self, Announces};

/// Lines an attribution may be wrapped over, and octets it may have.
const MAX_ATTRIBUTION_LINES: usize = 3;
const MAX_ATTRIBUTION: usize = 500;

/// What was written above line `start`, without a rule that belongs to the message below.
pub(super) fn message(lines: &[Line<'_>], start: usize) -> String {
    let mut end = start;
    while let Some(line) = end.checked_sub(1).and_then(|above| lines.get(above)) {
        if !line.is_blank() && !separators::is_rule(line.text) {
            break;
        }
        end -= 1;
    }
    let above = lines.get(..end).unwrap_or_default();
    joined(above.iter().map(|line| line.raw))
}

/// The body that begins at line `from` under a header of the given quote depth, and what stands
/// below it.
pub(super) fn body(
    lines: &[Line<'_>],
    from: usize,
    depth: usize,
    indented: bool,
) -> (String, String) {
    let end = if depth > 0 {
        quotation_end(lines, first_with_words(lines, from).min(lines.len()))
    } else {
        lines.len()
    };
    let inside = lines.get(from..end).unwrap_or_default();
    let closing = inside.iter().position(|line| {
        line.text.starts_with('-')
            && separators::separator(line.text).is_some_and(|it| it.announces == Announces::End)
    });
    let (end, after) = match closing {
        Some(at) => (from + at, from + at + 1),
        None => (end, end),
    };
    let inside = lines.get(from..end).unwrap_or_default();
    // Proton marks every line of what it forwards.
    let marked = inside.iter().all(|line| line.depth > 0 || line.is_blank());
    let body = if depth > 0 || marked {
        joined(inside.iter().map(|line| line::unquoted(line.raw)))
    } else if indented {
        let width = inside
            .iter()
            .filter(|line| !line.is_blank())
            .map(|line| indentation(line.raw))
            .min()
            .unwrap_or(0);
        joined(
            inside
                .iter()
                .map(|line| line.raw.get(width..).unwrap_or("")),
        )
    } else {
        joined(inside.iter().map(|line| line.raw))
    };
    let below = lines.get(after..).unwrap_or_default();
    (body, joined(below.iter().map(|line| line.raw)))
}

/// Octets of blanks and tabs at the beginning.
fn indentation(raw: &str) -> usize {
    raw.len() - raw.trim_start_matches([' ', '\t']).len()
}

/// The lines as one text, without the empty ones around it.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for line in lines {
        let line = line.trim_start_matches('\u{feff}').trim_end();
        if out.is_empty() && line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out.truncate(out.trim_end().len());
    out
}

/// The first line from `from` on that has words.
pub(super) fn first_with_words(lines: &[Line<'_>], from: usize) -> usize {
    let blank = lines.iter().skip(from).take_while(|line| line.is_blank());
    from + blank.count()
}

/// Where the quotation at `at` ends. Empty lines between quoted ones belong to it, and so do up to
/// three lines right between two quoted ones: a mailer wrapped them without a mark.
pub(super) fn quotation_end(lines: &[Line<'_>], at: usize) -> usize {
    let mut end = at;
    while let Some(line) = lines.get(end) {
        if line.depth > 0 {
            end += 1;
            continue;
        }
        let gap = lines.iter().skip(end).take_while(|line| line.depth == 0);
        let blank = line.is_blank();
        let length = gap
            .take(4)
            .take_while(|line| line.is_blank() == blank)
            .count();
        let follows = lines.get(end + length).is_some_and(|line| line.depth > 0);
        let wrapped = blank
            || end
                .checked_sub(1)
                .and_then(|above| lines.get(above))
                .is_some_and(|above| !above.is_blank());
        if length > 3 || !follows || !wrapped {
            break;
        }
        end += length;
    }
    end
}

/// The line after a header block and after the separator that some clients repeat below it.
pub(super) fn after_closing_rule(lines: &[Line<'_>], end: usize) -> usize {
    match lines.get(end) {
        Some(line) if separators::is_rule(line.text) => end + 1,
        Some(line) if line.text.starts_with("===") => end + 1,
        _ => end,
    }
}

/// Whether the line above the quotation at `at` introduces it, in any language: it has a number or
/// an address, ends in a colon and is not what clients write above forwards.
pub(super) fn is_introduced(lines: &[Line<'_>], at: usize) -> bool {
    let above = lines
        .iter()
        .take(at)
        .rev()
        .take(3)
        .find(|line| !line.is_blank());
    above.is_some_and(|line| {
        line.text.ends_with([':', '：', '︰'])
            && (has_digit(line.text) || line.text.contains('@'))
            && separators::separator(line.text).is_none()
    })
}

/// If an attribution (`On 28/10/2021 12:46, "Ann" <ann@a.example> wrote:`) begins at `at`, its last
/// line. No word of any language is asked for: it ends in a colon and has an address or a date
/// with a time.
pub(super) fn attribution(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at)?;
    let mut length = 0;
    for (index, line) in lines
        .iter()
        .enumerate()
        .skip(at)
        .take(MAX_ATTRIBUTION_LINES)
    {
        length += line.text.len();
        if line.is_blank() || line.depth != first.depth || length > MAX_ATTRIBUTION {
            return None;
        }
        if line
            .text
            .trim_end_matches(['*', '_', '-', ' ', '\u{a0}'])
            .ends_with([':', '：', '︰'])
        {
            let text = join(lines, at, index);
            let dated = has_digit(&text)
                && (people::in_attribution(&text).is_some() || has_time_and_year(&text));
            let below = first_with_words(lines, index + 1);
            let quoted = lines
                .get(below)
                .is_some_and(|line| line.depth > first.depth);
            // Wrapped prose must not pass for one.
            let begins_so =
                index == at || quoted || has_digit(first.text) || first.text.contains('@');
            return ((dated || (quoted && has_digit(&text))) && begins_so).then_some(index);
        }
        if line.text.ends_with(['.', '!', '?']) {
            return None;
        }
    }
    None
}

/// Whom the attribution on these lines names; without an address, nobody.
pub(super) fn attributed_person(
    lines: &[Line<'_>],
    at: usize,
    last: usize,
) -> Option<Correspondent> {
    people::in_attribution(&join(lines, at, last))
}

fn join(lines: &[Line<'_>], at: usize, last: usize) -> String {
    let lines = lines.get(at..=last).unwrap_or_default();
    lines
        .iter()
        .map(|line| line.text)
        .collect::<Vec<_>>()
        .join(" ")
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// `12:46` or `12.46`, and four digits in a row or a date in numbers.
fn has_time_and_year(text: &str) -> bool {
    let digit = |b: &u8| b.is_ascii_digit();
    let mut windows = text.as_bytes().windows(4);
    let time = windows
        .any(|w| matches!(w, [a, b':' | b'.' | b'h', c, d] if digit(a) && digit(c) && digit(d)));
    let mut windows = text.as_bytes().windows(4);
    time && windows.any(|w| {
        w.iter().all(digit)
            || matches!(w, [a, b'/' | b'.' | b'-', b, b'/' | b'.' | b'-'] if digit(a) && digit(b))
    })
}

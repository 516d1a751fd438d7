//! What looks like a code: groups of digits, or of capital letters and digits.

use std::ops::Range;

use super::scene::Block;
use super::{expiry, words};

/// How a candidate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Digits, perhaps in groups.
    Digits,
    /// Digits after a letter and a dash: `G-412157`.
    Prefixed,
    /// Capital letters and digits, perhaps in groups.
    Mixed,
    /// Small and capital letters and digits, or letters alone: only right after its name.
    Word,
}

/// Something that may be a code.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) range: Range<usize>,
    pub(super) value: String,
    pub(super) shape: Shape,
    /// It could be a year or a date.
    pub(super) is_date_like: bool,
}

/// Candidates of one block.
const MAX: usize = 200;

/// The candidates of a block, and the places of other things with digits in them.
pub(super) fn of(block: &Block) -> (Vec<Candidate>, Vec<Range<usize>>) {
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let text = &block.folded;
    let mut at = 0;
    while at < text.len() && found.len() < MAX {
        let is_start = text.get(at).is_some_and(char::is_ascii_alphanumeric);
        let follows = at.checked_sub(1).and_then(|before| text.get(before));
        if !is_start || follows.is_some_and(|c| c.is_alphanumeric() && c.is_ascii()) {
            at += 1;
            continue;
        }
        let run = run_at(block, at);
        let end = run.end;
        if is_plain(block, &run) || block.is_address(at) {
            at = end;
            continue;
        }
        match read(block, run.clone()) {
            Read::Codes(codes) if codes.is_empty() => {}
            Read::Codes(codes) => found.extend(codes),
            Read::Other(range) => others.push(range),
        }
        at = end.max(at + 1);
    }
    (found, others)
}

/// Whether a run is neither a code nor anything with digits: nearly all words of a text are plain.
fn is_plain(block: &Block, run: &Range<usize>) -> bool {
    let original = block.chars.get(run.clone()).unwrap_or_default();
    let text = block.folded.get(run.clone()).unwrap_or_default();
    original.iter().any(|c| c.is_lowercase()) && !text.iter().any(char::is_ascii_digit)
}

enum Read {
    Codes(Vec<Candidate>),
    Other(Range<usize>),
}

/// A run of groups that single blanks or dashes hold together, as far as they are digits; else one
/// word with its dashes.
fn run_at(block: &Block, at: usize) -> Range<usize> {
    let text = &block.folded;
    let is_word = |at: usize| text.get(at).is_some_and(char::is_ascii_alphanumeric);
    let is_digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let mut end = at;
    while is_word(end) {
        end += 1;
    }
    while let Some(joint) = text.get(end) {
        let (before, after) = (is_digit(end.saturating_sub(1)), is_digit(end + 1));
        let goes_on = match joint {
            '-' => is_word(end + 1),
            ' ' | '\'' => before && after,
            '.' | ',' | '/' | ':' => before && after && !is_pause(block, end),
            '_' | '+' | '=' | '@' => is_word(end + 1),
            _ => false,
        };
        if !goes_on {
            break;
        }
        end += 1;
        while is_word(end) {
            end += 1;
        }
    }
    at..end
}

/// Whether a sign between two digits ends what stands before it and is no part of a number. Scripts
/// without blanks between words have none behind their signs either: `482913，5分钟内有效`.
pub(super) fn is_pause(block: &Block, at: usize) -> bool {
    let text = &block.folded;
    let is_digit = |c: &&char| c.is_ascii_digit();
    let before = text.get(..at).unwrap_or_default().iter().rev();
    let before = before.take(MOST_DIGITS).take_while(is_digit).count();
    let after = text.get(at + 1..).unwrap_or_default().iter();
    let after = after.take(MOST_DIGITS).take_while(is_digit).count();
    let is_comma = text.get(at) == Some(&',');
    let value: String = text
        .get(at.saturating_sub(before)..at)
        .unwrap_or_default()
        .iter()
        .collect();
    // A day may be written in any width.
    if !is_comma && (before < 4 || is_date_like(&value)) {
        return false;
    }
    let is_wide = |at: usize| block.chars.get(at).is_some_and(|c| is_full_width(*c));
    let is_among_wide = at > 0 && is_wide(at - 1) && is_wide(at + 1);
    let is_sign = is_wide(at) && !is_among_wide;
    let is_thousands = is_comma && before <= 3 && after == 3;
    if is_sign && !is_thousands {
        return true;
    }
    // What follows is a stretch of time of its own.
    let end = at + 1 + after;
    before >= 4 && after <= 3 && expiry::unit_after(text, end).is_some()
}

/// Digits that are counted: more make neither a code nor a stretch of time.
const MOST_DIGITS: usize = 16;

const fn is_full_width(c: char) -> bool {
    matches!(c, '\u{FF01}'..='\u{FF5E}')
}

fn read(block: &Block, run: Range<usize>) -> Read {
    let text = block.folded.get(run.clone()).unwrap_or_default();
    let original = block.chars.get(run.clone()).unwrap_or_default();
    let digits = text.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = text.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let other = || Read::Other(run.clone());
    if digits > 0 && is_claimed_by_signs(&block.folded, &run) {
        return other();
    }
    if letters == 0 {
        return of_digits(&block.folded, run);
    }
    if text.iter().any(|c| {
        matches!(
            c,
            '_' | '+' | '=' | '@' | '.' | ',' | '/' | ':' | '(' | ')' | '\''
        )
    }) {
        return if digits > 0 {
            other()
        } else {
            Read::Codes(Vec::new())
        };
    }
    let one = |value: String, shape: Shape| {
        Read::Codes(vec![Candidate {
            range: run.clone(),
            value,
            shape,
            is_date_like: false,
        }])
    };
    // A letter and a dash before digits: the brand's sign.
    if let [first, '-', rest @ ..] = text
        && first.is_ascii_alphabetic()
        && (4..=8).contains(&rest.len())
        && rest.iter().all(char::is_ascii_digit)
    {
        return one(rest.iter().collect(), Shape::Prefixed);
    }
    let groups: Vec<&[char]> = original
        .split(|c| matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .collect();
    let value: String = original.iter().collect();
    let length = letters + digits;
    let is_upper = original.iter().all(|c| !c.is_lowercase());
    let is_even = groups.iter().all(|group| (2..=8).contains(&group.len()));
    let hides = text.starts_with(&['x', 'x']) && groups.len() == 1;
    if digits == 0 {
        let fits = (5..=8).contains(&length) && is_upper && groups.len() <= 2;
        return if fits {
            one(value, Shape::Word)
        } else {
            Read::Codes(Vec::new())
        };
    }
    if hides || !(5..=14).contains(&length) || !is_even || groups.len() > 4 {
        // A word with a number: Python3, a tracking number, a hash.
        return if digits >= 3 || hides {
            other()
        } else {
            Read::Codes(Vec::new())
        };
    }
    if is_upper && (groups.len() > 1 || length <= 10) {
        one(value, Shape::Mixed)
    } else if groups.len() == 1 && length <= 12 {
        one(value, Shape::Word)
    } else {
        other()
    }
}

/// `#`, `№`, `+`, a currency, a star or a percent sign beside the number.
fn is_claimed_by_signs(text: &[char], run: &Range<usize>) -> bool {
    let before: Vec<char> = text
        .get(..run.start)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(6)
        .copied()
        .collect();
    let mut near = before.iter().skip_while(|c| **c == ' ');
    let sign = near.next().copied().unwrap_or(' ');
    let is_tight = before.first() == Some(&sign);
    let after = text.get(run.end).copied().unwrap_or(' ');
    let next = text.get(run.end + 1).copied().unwrap_or(' ');
    let money = |c: char| {
        matches!(
            c,
            '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩' | '₺' | '₴' | '฿' | '₫' | '₪' | '¢'
        )
    };
    if money(sign) || money(after) || (after == ' ' && money(next)) {
        return true;
    }
    if is_tight
        && matches!(
            sign,
            '#' | '+' | '*' | '•' | '№' | '©' | '@' | '/' | '.' | '~' | '^' | '=' | '_'
        )
        && sign != '='
    {
        return true;
    }
    // The area of a phone number stands in parentheses before it.
    let is_area =
        sign == ')' && near.next().is_some_and(char::is_ascii_digit) && before.contains(&'(');
    is_area || matches!(sign, '№' | '©' | '〒' | '§') || matches!(after, '%' | '‰' | '°')
}

/// The word that begins right after a place, past one blank.
fn word_after(text: &[char], at: usize) -> &[char] {
    let rest = text.get(at..).unwrap_or_default();
    let rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
    let letters = rest.iter().take(20).take_while(|c| c.is_alphabetic());
    rest.get(..letters.count()).unwrap_or_default()
}

fn past_blank(text: &[char], at: usize) -> usize {
    at + usize::from(text.get(at) == Some(&' '))
}

fn word_before(text: &[char], at: usize) -> &[char] {
    let rest = text.get(..at).unwrap_or_default();
    let rest = rest.strip_suffix(&[' ']).unwrap_or(rest);
    let rest = rest.strip_suffix(&['.']).unwrap_or(rest);
    let letters = rest.iter().rev().take(20).take_while(|c| c.is_alphabetic());
    rest.get(rest.len() - letters.count()..).unwrap_or_default()
}

fn of_digits(text: &[char], run: Range<usize>) -> Read {
    let own = text.get(run.clone()).unwrap_or_default();
    let is_number = own
        .iter()
        .any(|c| matches!(c, '.' | ',' | '/' | ':' | '\'' | '(' | ')'));
    if is_number {
        return parts_of_number(text, run);
    }
    let groups = groups_of(own, run.start);
    let sizes: Vec<usize> = groups.iter().map(Range::len).collect();
    let dashes = own.iter().filter(|c| **c == '-').count();
    let total: usize = sizes.iter().sum();
    let is_code = match sizes.as_slice() {
        [4..=8]
        | [3, 3]
        | [4, 4]
        | [2, 2, 2]
        | [3, 2]
        | [2, 3]
        | [2, 2]
        | [3, 4]
        | [4, 3]
        | [2, 2, 2, 2] => true,
        singles => (4..=8).contains(&singles.len()) && singles.iter().all(|size| *size == 1),
    };
    let follows = word_after(text, run.end);
    let precedes = word_before(text, run.start);
    let is_amount = words::CURRENCIES.has(follows)
        || words::CURRENCIES.has(precedes)
        || words::MEASURES.has(follows)
        || words::MEASURE_PARTS
            .end_at(text, past_blank(text, run.end))
            .is_some()
        || text.get(..run.start).and_then(<[char]>::last) == Some(&'第');
    if is_amount {
        return Read::Other(run);
    }
    if is_code {
        let value: String = own.iter().filter(|c| c.is_ascii_digit()).collect();
        return Read::Codes(vec![Candidate {
            is_date_like: is_date_like(&value),
            range: run,
            value,
            shape: Shape::Digits,
        }]);
    }
    // A code and a small number after a blank: `482913 10`.
    if dashes == 0 && total <= 10 {
        let codes: Vec<Range<usize>> = groups
            .into_iter()
            .filter(|group| (4..=8).contains(&group.len()))
            .collect();
        if let [group] = codes.as_slice() {
            let value: String = text.get(group.clone()).unwrap_or_default().iter().collect();
            return Read::Codes(vec![Candidate {
                is_date_like: is_date_like(&value),
                range: group.clone(),
                value,
                shape: Shape::Digits,
            }]);
        }
    }
    Read::Other(run)
}

/// A date, an amount, a time or an address of the network; but a code may stand before a date after a blank.
fn parts_of_number(text: &[char], run: Range<usize>) -> Read {
    let own = text.get(run.clone()).unwrap_or_default();
    let mut start = run.start;
    for part in own.split(|c| *c == ' ') {
        let range = start..start + part.len();
        let is_code = (4..=8).contains(&part.len()) && part.iter().all(char::is_ascii_digit);
        let value: String = part.iter().collect();
        if is_code && !is_date_like(&value) && range.start == run.start {
            return Read::Codes(vec![Candidate {
                is_date_like: false,
                range,
                value,
                shape: Shape::Digits,
            }]);
        }
        start = range.end + 1;
    }
    Read::Other(run)
}

fn groups_of(own: &[char], first: usize) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = first;
    for part in own.split(|c| matches!(c, ' ' | '-')) {
        if !part.is_empty() {
            groups.push(start..start + part.len());
        }
        start += part.len() + 1;
    }
    groups
}

/// A year of these two centuries, or a day written without signs.
fn is_date_like(value: &str) -> bool {
    let year = |text: &str| matches!(text.get(..2), Some("19" | "20"));
    match value.len() {
        4 => year(value),
        8 => {
            let month = value.get(4..6).and_then(|month| month.parse::<u8>().ok());
            let day = value.get(6..).and_then(|day| day.parse::<u8>().ok());
            year(value) && matches!(month, Some(1..=12)) && matches!(day, Some(1..=31))
        }
        _ => false,
    }
}

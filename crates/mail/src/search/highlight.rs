//! What a reader is shown of a match: the matched words between `**`.

use super::query::Query;

/// How much of a text is looked through for matches to show.
const MAX_SHOWN: usize = 64 << 10;

/// Octets of text around a match in a fragment, on either side.
const AROUND: usize = 80;

/// The whole of a header's `text` with every match of `query` between `**`, or `None` when there is
/// none. Words are found inside others too.
#[must_use]
pub fn mark(query: &Query, text: &str) -> Option<String> {
    let text = head(text, MAX_SHOWN);
    let found = matches(query, text, true);
    if found.is_empty() {
        return None;
    }
    Some(marked(text, &found))
}

/// Up to `most` short pieces of `text` with the matches of `query` between `**`, in the order of
/// the text.
#[must_use]
pub fn fragments(query: &Query, text: &str, most: usize) -> Vec<String> {
    let text = head(text, MAX_SHOWN);
    let found = matches(query, text, false);
    let mut pieces: Vec<String> = Vec::new();
    let mut rest = found.as_slice();
    while let Some((start, end)) = rest.first().copied()
        && pieces.len() < most
    {
        let from = word_start(text, start);
        let to = word_end(text, end);
        let inside = rest.iter().take_while(|(_, end)| *end <= to).count().max(1);
        let own: Vec<(usize, usize)> = rest[..inside]
            .iter()
            .map(|(start, end)| (start - from, end - from))
            .collect();
        let piece = marked(&text[from..to], &own);
        pieces.push(piece.split_whitespace().collect::<Vec<_>>().join(" "));
        rest = &rest[inside..];
    }
    pieces
}

/// The matches in order, those that overlap or touch made one.
fn matches(query: &Query, text: &str, inside: bool) -> Vec<(usize, usize)> {
    let clauses = query.clauses.iter();
    let mut found: Vec<_> = clauses
        .flat_map(|clause| clause.occurrences(text, inside))
        .collect();
    found.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn marked(text: &str, found: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(text.len() + found.len() * 4);
    let mut at = 0;
    for (start, end) in found {
        out.push_str(&text[at..*start]);
        out.push_str("**");
        out.push_str(&text[*start..*end]);
        out.push_str("**");
        at = *end;
    }
    out.push_str(&text[at..]);
    out
}

fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Some way before `at`, at the beginning of a word if there is one.
fn word_start(text: &str, at: usize) -> usize {
    let from = text.floor_char_boundary(at.saturating_sub(AROUND));
    if from == 0 {
        return 0;
    }
    let space = text[from..at].find(char::is_whitespace);
    space.map_or(from, |space| from + space)
}

/// Some way after `at`, at the end of a word if there is one.
fn word_end(text: &str, at: usize) -> usize {
    let to = text.floor_char_boundary(at.saturating_add(AROUND));
    if to == text.len() {
        return to;
    }
    let space = text[at..to].rfind(char::is_whitespace);
    space.map_or(to, |space| at + space)
}

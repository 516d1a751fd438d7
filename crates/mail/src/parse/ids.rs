//! Message-IDs in header fields, with the damage mailers do to them.

use crate::MessageId;

/// Ids read from one field.
const MAX_IDS: usize = 1_000;

/// The id of a Message-ID field: the first in brackets, else the first word.
pub(super) fn first(text: &str) -> Option<MessageId> {
    if let Some(id) = list(text).into_iter().next() {
        return Some(id);
    }
    let word = text.split_whitespace().next()?;
    MessageId::parse(word.trim_matches(['<', '>', '"', ',', ';']))
}

/// All ids of an In-Reply-To or References field, in order, each once. Text outside brackets is
/// prose (`Your message of "Mon, 1 Jan"`) unless the field has no brackets at all, where words
/// with an `@` are taken.
///
/// Ids may be run together (`<a@b><c@d>`), divided by commas, broken by a blank a fold left
/// inside, or cut off at the end of the field; one without its closing bracket is dropped,
/// because a cut id names nothing.
pub(super) fn list(text: &str) -> Vec<MessageId> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut push = |candidate: &str| {
        if let Some(id) = MessageId::parse(candidate)
            && found.len() < MAX_IDS
            && seen.insert(id.clone())
        {
            found.push(id);
        }
    };
    if !text.contains('<') {
        for word in text.split([' ', '\t', ',', ';']) {
            let word = word.trim_matches(['"', '\'', '(', ')', '>', '.']);
            if is_plausible(word) {
                push(word);
            }
        }
        return found;
    }
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let inner = rest.get(open + 1..).unwrap_or_default();
        let Some(end) = inner.find(['<', '>']) else {
            break;
        };
        let (candidate, after) = inner.split_at(end);
        if after.starts_with('>') {
            if candidate.contains(char::is_whitespace) {
                push(&candidate.split_whitespace().collect::<String>());
            } else {
                push(candidate);
            }
        }
        rest = after;
    }
    found
}

/// An unbracketed word that looks like an id and not like someone's address in prose.
fn is_plausible(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        list(text).iter().map(|id| id.bare().to_owned()).collect()
    }

    #[test]
    fn ids_are_found_in_whatever_shape() {
        for (text, want) in [
            ("<a@b> <c@d>", vec!["a@b", "c@d"]),
            ("<a@b><c@d>,<e@f>", vec!["a@b", "c@d", "e@f"]),
            ("<a@b> <a@b>", vec!["a@b"]),
            ("a@b c@d", vec!["a@b", "c@d"]),
            ("<a@ b> <cut@of", vec!["a@b"]),
            ("<cut@of <a@b>", vec!["a@b"]),
            ("Your message of \"Mon, 1 Jan 2024\" <a@b>", vec!["a@b"]),
            ("Your message of \"Mon, 1 Jan 2024\"", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
        assert_eq!(first("xxxx").unwrap().as_str(), "<xxxx>");
    }
}

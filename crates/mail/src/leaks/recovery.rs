//! Recovery phrases of wallets.

use super::literals::List;
use super::view::lines;
use super::{Class, Findings, View};

/// Names of a recovery phrase.
pub(super) const NAMES: &[&str] = &[
    "recovery phrase",
    "seed phrase",
    "seed words",
    "recovery words",
    "mnemonic",
    "recovery seed",
    "wallet words",
    "backup phrase",
    "secret phrase",
    "wallet backup",
    "wallet seed",
    "wiederherstellungsphrase",
    "phrase de récupération",
    "frase semilla",
];

/// Words of a wallet, twelve to twenty-four of them, behind their name or alone on a line.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    for (index, name) in NAMES.iter().enumerate() {
        for at in view.hits.at(List::Recovery, index) {
            let end = at + name.len();
            let mut stop = end.saturating_add(500).min(view.text.len());
            while !view.text.is_char_boundary(stop) {
                stop -= 1;
            }
            let rest = view.text.get(end..stop).unwrap_or_default();
            let rest = rest
                .split_once([':', '=', '\n'])
                .map_or(rest, |(_, words)| words);
            if phrase_length(rest) >= 12 {
                findings.add("seed_phrase", Class::Secret, view.place, rest);
            }
        }
    }
    for line in lines(view.text).filter(|line| (47..=240).contains(&line.len())) {
        // Nearly every line has a capital or a stop.
        if !line.bytes().all(|b| b.is_ascii_lowercase() || b == b' ') {
            continue;
        }
        let words = line.split_whitespace().count();
        if matches!(words, 12 | 15 | 18 | 21 | 24) && phrase_length(line) == words {
            findings.add("seed_phrase", Class::Secret, view.place, line);
        }
    }
}

/// How many words of a phrase stand at the beginning: small letters, three to eight of them,
/// perhaps numbered, none of the words that hold sentences together.
fn phrase_length(text: &str) -> usize {
    const BINDING: [&str; 34] = [
        "the", "and", "for", "with", "are", "you", "your", "not", "from", "have", "has", "was",
        "were", "will", "can", "our", "but", "all", "they", "their", "its", "please", "der", "die",
        "das", "und", "les", "des", "que", "para", "into", "been", "than", "which",
    ];
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
        .filter(|word| !word.is_empty())
        .take_while(|word| {
            (3..=8).contains(&word.len())
                && word.bytes().all(|b| b.is_ascii_lowercase())
                && !BINDING.contains(word)
        })
        .count()
}

//! Which language a text is in: by its script where that is enough, else by its most frequent
//! words and by letters that few languages have. Our own small model, made for mail: its words are
//! those of greetings and thanks as well. It says nothing when it is not sure.

mod letters;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use letters::Script;
use table::{CODES, WORDS};

/// Characters of a text that are looked at.
const MAX_CHARS: usize = 3_000;
/// Words that are looked up.
const MAX_WORDS: usize = 400;
/// How often one word counts.
const MAX_REPEATS: u8 = 3;
/// What the words must weigh together. A word that one language alone has weighs 1.
const ENOUGH: f32 = 1.0;
/// What they must weigh for each word of the text.
const ENOUGH_PER_WORD: f32 = 0.07;

/// A language, as far as a text shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// ISO 639-1: `de`. Norwegian is `nb`; Chinese is `zh` in either script.
    pub code: &'static str,
    /// How sure that is, from 50 to 100.
    pub confidence: u8,
}

/// The language of a text without its quoted history. `None` when it is too short, mixed, or in
/// none of the languages that are known. Addresses, links and numbers do not count.
#[must_use]
pub fn language(text: &str) -> Option<Language> {
    let end = text
        .char_indices()
        .nth(MAX_CHARS)
        .map_or(text.len(), |(at, _)| at);
    let text = text.get(..end).unwrap_or(text);
    let script = letters::script(text)?;
    match script {
        Script::One(code) => Some(Language {
            code,
            confidence: 95,
        }),
        Script::Several(codes) => by_words(text, codes),
    }
}

/// The likeliest of the languages in `among`.
fn by_words(text: &str, among: &[&str]) -> Option<Language> {
    let mut score = [0f32; CODES.len()];
    let mut words = 0u16;
    let mut seen: HashMap<String, u8> = HashMap::new();
    let allowed = mask(among);
    for word in words_of(text).take(MAX_WORDS) {
        words += 1;
        let times = seen.entry(word.clone()).or_default();
        *times += 1;
        if *times > MAX_REPEATS {
            *times = MAX_REPEATS;
            continue;
        }
        let languages = languages_of(&word) & allowed;
        if languages != 0 {
            add(&mut score, languages, 1.0);
        }
    }
    letters::weigh(text, |languages, weight| {
        let languages = mask(languages) & allowed;
        if languages != 0 {
            add(&mut score, languages, weight);
        }
    });
    let mut best = (0usize, 0f32);
    let mut second = 0f32;
    for (language, &weight) in score.iter().enumerate() {
        if weight > best.1 {
            second = best.1;
            best = (language, weight);
        } else if weight > second {
            second = weight;
        }
    }
    let (language, weight) = best;
    let needed = ENOUGH.max(ENOUGH_PER_WORD * f32::from(words));
    // A lead that grows with the text: few words must not be shared by another language.
    let lead = weight - second;
    if weight < needed || lead < 0.34 || lead < weight * 0.08 {
        return None;
    }
    let share = (lead / weight).clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 50 to 100"
    )]
    let confidence = (50.0 + 50.0 * share * (weight / (weight + 1.0))) as u8;
    Some(Language {
        code: CODES.get(language)?,
        confidence,
    })
}

/// The bits of languages.
fn mask(codes: &[&str]) -> u64 {
    let bits = CODES.iter().enumerate();
    bits.filter(|(_, code)| codes.contains(code))
        .fold(0, |mask, (bit, _)| mask | 1 << bit)
}

fn languages_of(word: &str) -> u64 {
    let found = WORDS.binary_search_by(|(known, _)| known.as_bytes().cmp(word.as_bytes()));
    found
        .ok()
        .and_then(|at| WORDS.get(at))
        .map_or(0, |(_, languages)| *languages)
}

/// Adds to each of several languages, less the more they are.
fn add(score: &mut [f32], languages: u64, weight: f32) {
    let count = u16::try_from(languages.count_ones()).unwrap_or(1);
    let weight = weight / f32::from(count.max(1));
    for (bit, score) in score.iter_mut().enumerate() {
        if languages >> bit & 1 == 1 {
            *score += weight;
        }
    }
}

/// The words in lower case, without links, addresses and what has digits in it.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    let plain = |run: &&str| !run.contains(['@', '/', '\\', '_', '=']) && run.len() < 200;
    text.split_whitespace().filter(plain).flat_map(|run| {
        let parts = run.split(|c: char| !letters::in_word(c));
        parts.filter_map(|part| {
            let part = part.trim_matches(['\'', '’']);
            (!part.is_empty()).then(|| part.to_lowercase().replace('’', "'"))
        })
    })
}

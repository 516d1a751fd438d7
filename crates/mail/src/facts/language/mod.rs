//! Which language a text is in: by its script where that is enough, else by its most frequent
//! words and by letters that few languages have. Our own small model, made for mail: its words are
//! those of greetings and thanks as well. It says nothing when it is not sure.

mod letters;
mod table;
#[cfg(test)]
mod tests;
mod words;

use letters::Script;
use table::{CODES, WORDS};

/// Characters of a text that are looked at.
const MAX_CHARS: usize = 3_000;
/// Words that are looked up.
const MAX_WORDS: u16 = 400;
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
    let mut rest = text.chars();
    rest.nth(MAX_CHARS - 1);
    let end = text.len() - rest.as_str().len();
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
fn by_words(text: &str, among: u64) -> Option<Language> {
    let mut score = [0f32; CODES.len()];
    let mut seen = [0u8; WORDS.len()];
    let words = words::each_known(text, MAX_WORDS, |known| {
        let (Some((_, languages)), Some(times)) = (WORDS.get(known), seen.get_mut(known)) else {
            return;
        };
        if *times < MAX_REPEATS {
            *times += 1;
            add(&mut score, languages & among, 1.0);
        }
    });
    letters::weigh(text, |languages, weight| {
        add(&mut score, languages & among, weight);
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
const fn mask(codes: &[&str]) -> u64 {
    let mut mask = 0;
    let mut at = 0;
    while at < codes.len() {
        let mut bit = 0;
        while !is_same(CODES[bit].as_bytes(), codes[at].as_bytes()) {
            bit += 1;
        }
        mask |= 1 << bit;
        at += 1;
    }
    mask
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    matches!((one, other), ([a, b], [c, d]) if *a == *c && *b == *d)
}

/// Adds to each of several languages, less the more they are.
fn add(score: &mut [f32], mut languages: u64, weight: f32) {
    let count = u16::try_from(languages.count_ones()).unwrap_or(1);
    let weight = weight / f32::from(count.max(1));
    while languages != 0 {
        let language = usize::try_from(languages.trailing_zeros()).unwrap_or(usize::MAX);
        if let Some(score) = score.get_mut(language) {
            *score += weight;
        }
        languages &= languages - 1;
    }
}

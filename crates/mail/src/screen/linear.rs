//! The linear model over hashed words, letters and signs. `training/screen/` makes its weights.

use std::hash::Hasher;

use super::lexicon::{CONCEPTS, Fnv};
use super::signs::{SIGNS, Sentence};
use super::words::words;

/// Buckets of the n-grams; the concept and sign features follow them.
const BUCKETS: u32 = 1 << 16;
/// Bits of concepts and signs together.
const BITS: u32 = CONCEPTS + SIGNS;
/// One octet a weight: n-grams, then single bits and pairs of bits.
const WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// The hashed n-grams of a sentence: words, pairs of words, four letters inside words.
fn grams(lower: &str, mut each: impl FnMut(u32)) {
    let hash = |kind: u8, parts: &[&[u8]]| {
        let mut hasher = Fnv::default();
        hasher.write(&[kind]);
        for part in parts {
            hasher.write(part);
            hasher.write(&[0]);
        }
        let value = hasher.finish();
        u32::try_from((value ^ (value >> 32)) & u64::from(BUCKETS - 1)).unwrap_or(0)
    };
    let mut last = "";
    let (mut padded, mut starts) = (String::new(), Vec::new());
    for word in words(lower) {
        // Numbers and names of hosts say nothing of what is asked.
        let word = if word.bytes().any(|b| b.is_ascii_digit()) {
            "0"
        } else {
            word
        };
        // A table of numbers is one number.
        if word == "0" && last == "0" {
            continue;
        }
        each(hash(1, &[word.as_bytes()]));
        each(hash(2, &[last.as_bytes(), word.as_bytes()]));
        padded.clear();
        padded.extend([" ", word, " "]);
        if padded.is_ascii() {
            for gram in padded.as_bytes().windows(4) {
                each(hash(3, &[gram]));
            }
            last = word;
            continue;
        }
        starts.clear();
        starts.extend(padded.char_indices().map(|(index, _)| index));
        starts.push(padded.len());
        for edge in starts.windows(5) {
            if let [from, .., to] = edge {
                each(hash(
                    3,
                    &[padded.as_bytes().get(*from..*to).unwrap_or_default()],
                ));
            }
        }
        last = word;
    }
}

/// Indexes of single bits and pairs of bits that a sentence sets.
fn bits(sentence: &Sentence<'_>, mut each: impl FnMut(u32)) {
    let set = u64::from(sentence.concepts) | u64::from(sentence.signs) << CONCEPTS;
    for first in (0..BITS).filter(|bit| set >> bit & 1 == 1) {
        for second in (first..BITS).filter(|bit| set >> bit & 1 == 1) {
            each(BUCKETS + first * BITS + second);
        }
    }
}

fn weight(index: u32) -> f32 {
    let octet = WEIGHTS.get(index as usize).copied().unwrap_or(0);
    f32::from(i8::from_le_bytes([octet])) / 24.0
}

/// Logarithm of the odds that a sentence is a directive, before the rules speak.
pub(super) fn logit(sentence: &Sentence<'_>) -> f32 {
    let (mut sum, mut count) = (0.0_f32, 0.0_f32);
    grams(&sentence.lower, |index| {
        sum += weight(index);
        count += 1.0;
    });
    let mut signs = 0.0_f32;
    bits(sentence, |index| signs += weight(index));
    sum / count.max(9.0).sqrt() + signs
}

/// The features of a sentence, as the training reads them: n-grams and bits.
pub(super) fn features(sentence: &Sentence<'_>) -> (Vec<u32>, Vec<u32>) {
    let (mut words, mut signs) = (Vec::new(), Vec::new());
    grams(&sentence.lower, |index| words.push(index));
    bits(sentence, |index| signs.push(index));
    (words, signs)
}

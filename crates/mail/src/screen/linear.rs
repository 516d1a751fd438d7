//! The linear model over hashed words, letters and signs. `training/screen/` makes its weights.

use super::lexicon::CONCEPTS;
use super::signs::{SIGNS, Sentence};
use super::words::words;

/// Buckets of the n-grams; the concept and sign features follow them.
const BUCKETS: u32 = 1 << 16;
/// Bits of concepts and signs together.
const BITS: u32 = CONCEPTS + SIGNS;
/// One octet a weight: n-grams, then single bits and pairs of bits.
const WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// FNV-1a, octet by octet.
const fn fnv(hash: u64, octet: u8) -> u64 {
    (hash ^ octet as u64).wrapping_mul(0x0100_0000_01b3)
}

/// The hash that the n-grams of a kind begin with.
const fn kind(kind: u8) -> u64 {
    fnv(0xcbf2_9ce4_8422_2325, kind)
}

const WORD: u64 = kind(1);
const PAIR: u64 = kind(2);
const LETTERS: u64 = kind(3);

/// The bucket of an n-gram, given the hash of its parts. Each ends with a zero.
fn bucket(hash: u64) -> u32 {
    let value = fnv(hash, 0);
    u32::try_from((value ^ (value >> 32)) & u64::from(BUCKETS - 1)).unwrap_or(0)
}

/// The hashed n-grams of a sentence: words, pairs of words, four letters inside words.
fn grams(lower: &str, mut each: impl FnMut(u32)) {
    let mut was_number = false;
    let mut behind_last = fnv(PAIR, 0);
    let (mut padded, mut starts) = (String::new(), Vec::new());
    for word in words(lower) {
        // Numbers and names of hosts say nothing of what is asked.
        let word = if word.bytes().any(|b| b.is_ascii_digit()) {
            "0"
        } else {
            word
        };
        // A table of numbers is one number.
        let is_number = word == "0";
        if is_number && was_number {
            continue;
        }
        was_number = is_number;
        let (mut alone, mut pair, mut first) = (WORD, behind_last, PAIR);
        for octet in word.bytes() {
            alone = fnv(alone, octet);
            pair = fnv(pair, octet);
            first = fnv(first, octet);
        }
        each(bucket(alone));
        each(bucket(pair));
        behind_last = fnv(first, 0);
        if word.is_ascii() {
            // Each octet goes on in the three n-grams that are open, and opens one.
            let (mut one, mut two, mut three) = (fnv(LETTERS, b' '), LETTERS, LETTERS);
            let mut open = 1;
            let mut take = |octet: u8| {
                let four = fnv(three, octet);
                (three, two, one) = (fnv(two, octet), fnv(one, octet), fnv(LETTERS, octet));
                if open < 3 {
                    open += 1;
                } else {
                    each(bucket(four));
                }
            };
            for octet in word.bytes() {
                take(octet);
            }
            take(b' ');
            continue;
        }
        padded.clear();
        padded.extend([" ", word, " "]);
        starts.clear();
        starts.extend(padded.char_indices().map(|(index, _)| index));
        starts.push(padded.len());
        for edge in starts.windows(5) {
            if let [from, .., to] = edge {
                let gram = padded.as_bytes().get(*from..*to).unwrap_or_default();
                each(bucket(gram.iter().copied().fold(LETTERS, fnv)));
            }
        }
    }
}

/// Indexes of single bits and pairs of bits that a sentence sets.
fn bits(sentence: &Sentence<'_>, mut each: impl FnMut(u32)) {
    let set = u64::from(sentence.concepts) | u64::from(sentence.signs) << CONCEPTS;
    for first in ones(set) {
        for second in ones(set).skip_while(|second| *second < first) {
            each(BUCKETS + first * BITS + second);
        }
    }
}

/// The bits that are set.
fn ones(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    })
}

/// What each octet of the weights stands for.
const SCALE: [f32; 256] = {
    let mut all = [0.0; 256];
    let mut octet = 0;
    while octet < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = octet as u8;
        all[octet] = i8::from_le_bytes([byte]) as f32 / 24.0;
        octet += 1;
    }
    all
};

fn weight(index: u32) -> f32 {
    let octet = WEIGHTS.get(index as usize).copied().unwrap_or(0);
    SCALE.get(usize::from(octet)).copied().unwrap_or(0.0)
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

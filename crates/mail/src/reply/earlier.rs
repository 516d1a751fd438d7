//! Proof from the thread: words of a message that stand in an earlier message of it are quoted,
//! whatever the client and the language.

use std::collections::HashSet;

use super::lines::{Line, Mark};

/// Words in a row that must be found again.
const RUN: usize = 6;
/// Runs of words that are remembered, of all earlier messages together.
const MAX_RUNS: usize = 200_000;
/// Of ten words of a line, how many must stand in an earlier message.
const TENTHS: usize = 8;

/// What the earlier messages of a thread say, kept for finding it again in an answer to them.
///
/// The trap: a person's signature and a template stand in earlier messages too. They are not
/// taken for a quotation ([`Reading`](super::Reading) says what is).
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    runs: HashSet<u64>,
}

impl Earlier {
    /// Reads whole texts of earlier messages, with what those quote; the newest first, because
    /// only the first two hundred thousand words count.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut runs = HashSet::new();
        for text in texts {
            let mut words = Vec::new();
            for line in text.lines() {
                push_words(line, &mut words);
                if words.len() > MAX_RUNS {
                    break;
                }
            }
            for run in words.windows(RUN) {
                if runs.len() >= MAX_RUNS {
                    return Self { runs };
                }
                runs.insert(joined(run));
            }
        }
        Self { runs }
    }

    /// Marks the lines that stand in an earlier message.
    pub(super) fn mark(&self, lines: &mut [Line<'_>]) {
        if self.runs.is_empty() {
            return;
        }
        let mut words = Vec::new();
        let mut ends = Vec::with_capacity(lines.len());
        for line in lines.iter() {
            push_words(&line.text, &mut words);
            ends.push(words.len());
        }
        let mut proven = vec![false; words.len()];
        // The end of what is known to be proven, so that no word is written twice.
        let mut until = 0;
        for (at, run) in words.windows(RUN).enumerate() {
            if self.runs.contains(&joined(run)) {
                let from = until.max(at);
                if let Some(covered) = proven.get_mut(from..at + RUN) {
                    covered.fill(true);
                }
                until = at + RUN;
            }
        }
        let mut from = 0;
        for (line, end) in lines.iter_mut().zip(ends) {
            let covered = proven.get(from..end).unwrap_or_default();
            let found = covered.iter().filter(|word| **word).count();
            let all = covered.len();
            from = end;
            if all == 0 || found * 10 < all * TENTHS || line.mark != Mark::None {
                continue;
            }
            line.mark = if line.depth > 0 {
                Mark::Quoted
            } else {
                Mark::Proven
            };
        }
    }
}

/// How many words a line has, counted as they are compared.
pub(super) fn count_words(text: &str) -> usize {
    let mut words = Vec::new();
    push_words(text, &mut words);
    words.len()
}

/// The words of a line in lower case, each as a number. Scripts without blanks between words
/// give a word for each letter.
fn push_words(text: &str, words: &mut Vec<u64>) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    let mut open = None;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            words.extend(open.take());
            continue;
        }
        let alone = matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
        if alone {
            words.extend(open.take());
            words.push(mixed(START, c));
            continue;
        }
        for c in c.to_lowercase() {
            open = Some(mixed(open.unwrap_or(START), c));
        }
    }
    words.extend(open);
}

fn mixed(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3)
}

fn joined(run: &[u64]) -> u64 {
    run.iter().fold(0, |hash: u64, word| {
        (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

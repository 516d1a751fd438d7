//! The link that verifies, signs in, resets or invites.

use std::cell::LazyCell;

use super::phrases::Phrases;
use super::scene::{Block, Scene};
use super::words;

/// What following a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Confirms an address or activates an account.
    Verify,
    /// Signs in.
    SignIn,
    /// Sets a new password.
    Reset,
    /// Accepts an invitation.
    Invitation,
}

impl LinkKind {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::SignIn => "sign_in",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }
}

/// A link to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its address, verbatim, except that entities of HTML are characters.
    pub url: String,
    /// What it does.
    pub kind: LinkKind,
    /// From 0 to 100: how sure the words around it make it.
    pub confidence: u8,
}

/// What a link must reach.
const ENOUGH: i32 = 30;

/// The link to follow, if there is one.
pub(super) fn best(scene: &Scene) -> Option<Link> {
    let mut best: Option<(i32, Link)> = None;
    let subject = scene.blocks.first().filter(|block| block.is_subject);
    let subject = LazyCell::new(|| {
        let text = subject.map(|block| block.folded.as_slice());
        KINDS.map(|(_, words, _)| mentions(text.unwrap_or_default(), words))
    });
    for (at, block) in scene.blocks.iter().enumerate() {
        if block.is_subject {
            continue;
        }
        for (range, url) in &block.links {
            let text = fold_words(block, range.start, range.end);
            let address: Vec<char> = url.to_ascii_lowercase().chars().collect();
            let shown = if is_address(&text) { Vec::new() } else { text };
            if mentions(&shown, &words::BESIDE) || mentions(path(&address), &words::BESIDE) {
                continue;
            }
            let around = around(scene, at, block, range.start, range.end);
            let (kind, score) = judge(&shown, path(&address), &around, &subject);
            let mut score = score + i32::from(has_secret(url)) * 10;
            if score > 0 && leads(block, range.start, range.end) && path(&address).len() > 1 {
                score += 8;
            }
            if score >= ENOUGH && best.as_ref().is_none_or(|(known, _)| score > *known) {
                let confidence = u8::try_from(score.clamp(0, 99)).unwrap_or(99);
                best = Some((
                    score,
                    Link {
                        url: url.clone(),
                        kind,
                        confidence,
                    },
                ));
            }
        }
    }
    best.map(|(_, link)| link)
}

fn fold_words(block: &Block, from: usize, to: usize) -> Vec<char> {
    block.folded.get(from..to).unwrap_or_default().to_vec()
}

/// Whether a link stands by itself, or where a colon points to.
fn leads(block: &Block, from: usize, to: usize) -> bool {
    let before = block.folded.iter().take(from).rev();
    let mut before = before.filter(|c| **c != ' ');
    let last = before.next();
    let after = block.folded.get(to..).unwrap_or_default().iter();
    let is_alone =
        before.next().is_none() && after.filter(|c| c.is_alphanumeric()).take(2).count() <= 1;
    is_alone || last.is_some_and(|c| matches!(c, ':' | '>' | '<'))
}

fn is_address(text: &[char]) -> bool {
    text.starts_with(&['h', 't', 't', 'p'])
        || (!text.contains(&' ') && text.contains(&'.') && text.contains(&'/'))
}

/// What follows the host of an address.
fn path(address: &[char]) -> &[char] {
    let mut slashes = 0;
    let host_end = address.iter().position(|c| {
        slashes += usize::from(*c == '/');
        slashes == 3
    });
    host_end
        .and_then(|at| address.get(at..))
        .unwrap_or_default()
}

fn mentions(text: &[char], phrases: &Phrases) -> bool {
    (0..text.len()).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let is_start = before.is_none_or(|c| !c.is_alphabetic())
            || text.get(at).is_some_and(|c| u32::from(*c) >= 0x530);
        (is_start || text.get(at) == Some(&'/')) && phrases.end_at(text, at).is_some()
    })
}

/// The words that lead to a link: those before it in its block, and the two blocks above.
fn around(scene: &Scene, at: usize, block: &Block, from: usize, to: usize) -> Vec<char> {
    let mut words: Vec<char> = Vec::new();
    for above in scene
        .blocks
        .get(at.saturating_sub(2)..at)
        .unwrap_or_default()
    {
        if !above.is_subject && above.links.is_empty() {
            let skip = above.folded.len().saturating_sub(300);
            words.extend(above.folded.iter().skip(skip));
            words.push(' ');
        }
    }
    let before = block.folded.get(..from).unwrap_or_default();
    words.extend(before.iter().skip(before.len().saturating_sub(200)));
    words.push(' ');
    words.extend(block.folded.get(to..).unwrap_or_default().iter().take(60));
    words
}

/// What links do, what is said of those that do so, and what their addresses say.
static KINDS: [(LinkKind, &Phrases, &Phrases); 4] = [
    (LinkKind::Reset, &words::RESET, &words::RESET_PATHS),
    (LinkKind::Invitation, &words::INVITE, &words::INVITE_PATHS),
    (LinkKind::Verify, &words::VERIFY, &words::VERIFY_PATHS),
    (LinkKind::SignIn, &words::SIGN_IN, &words::SIGN_IN_PATHS),
];

/// What a link does and how sure that is. `subject` says which of [`KINDS`] the subject speaks of.
fn judge(
    shown: &[char],
    path: &[char],
    around: &[char],
    subject: &[bool; KINDS.len()],
) -> (LinkKind, i32) {
    let mut best = (LinkKind::Verify, 0);
    let denies = mentions(around, &words::DENIES);
    for ((kind, words, paths), in_subject) in KINDS.iter().zip(subject) {
        let mut score = 0;
        score += if mentions(shown, words) { 40 } else { 0 };
        score += if mentions_inside(path, paths) { 25 } else { 0 };
        score += if !denies && mentions(around, words) {
            25
        } else {
            0
        };
        score += if *in_subject { 12 } else { 0 };
        if score > best.1 {
            best = (*kind, score);
        }
    }
    if denies && !mentions(shown, &words::VERIFY) {
        best.1 -= 30;
    }
    best
}

/// Whether the path of an address says one of the words in whatever part of it.
fn mentions_inside(path: &[char], words: &Phrases) -> bool {
    (0..path.len()).any(|at| words.end_at(path, at).is_some())
}

/// Whether an address has a part that nobody can guess.
fn has_secret(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let Some((_, path)) = rest.split_once('/') else {
        return false;
    };
    path.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .any(|part| {
            let digits = part.bytes().filter(u8::is_ascii_digit).count();
            let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
            part.len() >= 8 && digits >= 2 && letters >= 1
        })
}

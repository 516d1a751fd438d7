//! Which candidate is the code.

use std::cell::{LazyCell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::candidates::{self, Candidate, Shape};
use super::labels::{self, Label, Says};
use super::phrases::Phrases;
use super::scene::{Block, Scene};
use super::{Code, Place, words};

/// What a candidate must reach.
const ENOUGH: i32 = 40;
/// How far a name may stand from its code, in characters.
const REACH: usize = 110;
/// Blocks above and below that may name a code.
const NEIGHBOURS: usize = 2;

/// A block with what was found in it. Its words are read when they are asked for: nobody does
/// where no candidate is near.
struct Read<'a> {
    block: &'a Block,
    labels: OnceCell<Vec<Label>>,
    candidates: Vec<Candidate>,
    others: Vec<Range<usize>>,
    signs: OnceCell<usize>,
}

impl<'a> Read<'a> {
    fn of(block: &'a Block) -> Self {
        let (candidates, others) = candidates::of(block);
        Self {
            block,
            labels: OnceCell::new(),
            candidates,
            others,
            signs: OnceCell::new(),
        }
    }

    fn labels(&self) -> &[Label] {
        self.labels.get_or_init(|| labels::of(&self.block.folded))
    }

    /// How many words of it speak of signing in.
    fn signs(&self) -> usize {
        let text = &self.block.folded;
        *self.signs.get_or_init(|| {
            let parts = labels::parts_of(text, &words::SIGN_PARTS);
            count(text, &words::SIGNS) + parts.take(5).count()
        })
    }
}

/// The one code of a message, if there is one.
pub(super) fn code(scene: &Scene) -> Option<Code> {
    if let Some(code) = bound(scene) {
        return Some(code);
    }
    let blocks: Vec<Read<'_>> = scene.blocks.iter().map(Read::of).collect();
    let signs = LazyCell::new(|| blocks.iter().map(Read::signs).sum::<usize>());
    let repeated = LazyCell::new(|| repeated(&blocks));
    let has_sale = LazyCell::new(|| {
        let mut all = scene.blocks.iter();
        all.any(|block| count(&block.folded, &words::SALE) > 0)
    });
    let mut best: Option<(i32, &Candidate, &Block)> = None;
    for (at, own) in blocks.iter().enumerate() {
        for candidate in &own.candidates {
            let mut score = score(&blocks, at, candidate);
            if score <= 0 {
                continue;
            }
            score += i32::try_from((*signs).min(4)).unwrap_or(4) * 4;
            if *signs < 2 && *has_sale {
                score -= 40;
            }
            // Without a word about signing in, its name must stand right beside it.
            if *signs == 0 && score < 50 {
                score -= 12;
            }
            let is_repeated = repeated.contains(candidate.value.as_str());
            score += if is_repeated { 10 } else { 0 };
            if best.is_none_or(|(known, ..)| score > known) {
                best = Some((score, candidate, own.block));
            }
        }
    }
    let (score, candidate, block) = best.filter(|(score, ..)| *score >= ENOUGH)?;
    Some(Code {
        value: candidate.value.clone(),
        place: if block.is_subject {
            Place::Subject
        } else {
            Place::Body
        },
        confidence: u8::try_from(score.clamp(0, 99)).unwrap_or(99),
        origin: None,
    })
}

/// The values that stand in more than one block.
fn repeated<'a>(blocks: &'a [Read<'_>]) -> HashSet<&'a str> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut several = HashSet::new();
    for (at, read) in blocks.iter().enumerate() {
        for candidate in &read.candidates {
            if *first.entry(&candidate.value).or_insert(at) != at {
                several.insert(candidate.value.as_str());
            }
        }
    }
    several
}

/// Whether one of the ranges, which are in order and apart, stands between two places.
fn stands_between<T>(
    all: &[T],
    range: impl Fn(&T) -> &Range<usize>,
    from: usize,
    to: usize,
) -> bool {
    let first = all.partition_point(|other| range(other).start < from);
    all.get(first).is_some_and(|other| range(other).end <= to)
}

/// How many of the phrases a text has, up to five.
fn count(text: &[char], phrases: &Phrases) -> usize {
    let starts = (0..text.len()).filter(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        before.is_none_or(|c| !c.is_alphabetic())
            || text.get(*at).is_some_and(|c| u32::from(*c) > 0x2E80)
    });
    starts
        .filter(|at| phrases.end_at(text, *at).is_some())
        .take(5)
        .count()
}

/// A line `@host #code` (the convention of text messages).
fn bound(scene: &Scene) -> Option<Code> {
    scene.blocks.iter().rev().find_map(|block| {
        let first = block.chars.iter().find(|c| !c.is_whitespace());
        if first != Some(&'@') {
            return None;
        }
        let text = block.text(0..block.chars.len());
        let (host, code) = text.trim().strip_prefix('@')?.split_once(" #")?;
        let code = code.split_whitespace().next()?;
        let is_host = host.contains('.') && !host.contains(char::is_whitespace);
        let is_code =
            (4..=12).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        (is_host && is_code).then(|| Code {
            value: code.to_owned(),
            place: Place::Bound,
            confidence: 95,
            origin: Some(host.to_owned()),
        })
    })
}

/// How much speaks for a candidate; nothing or less if something else claims it.
fn score(blocks: &[Read<'_>], at: usize, candidate: &Candidate) -> i32 {
    let Some(own) = blocks.get(at) else { return 0 };
    let is_alone = is_alone(own.block, &candidate.range);
    let within = named_within(own, candidate);
    let mut score = match within {
        Named::Claimed => return 0,
        Named::Yes(score) => score,
        Named::No => told_to_enter(own, candidate),
    };
    if score == 0 {
        score = named_nearby(blocks, at, is_alone, own, candidate);
    }
    match candidate.shape {
        Shape::Word if score < 50 => return 0,
        Shape::Mixed if score < 30 => return 0,
        // A whole message `G-830829` is one; a part number in a text is not.
        Shape::Prefixed
            if score == 0
                && blocks
                    .iter()
                    .all(|read| read.block.is_subject || std::ptr::eq(read, own))
                && is_alone =>
        {
            score = 45;
        }
        _ => {}
    }
    if candidate.is_date_like && score < 45 {
        return 0;
    }
    if score == 0 {
        return 0;
    }
    score += if is_alone { 8 } else { 0 };
    score += if own.block.is_large { 8 } else { 0 };
    score
}

enum Named {
    Yes(i32),
    No,
    Claimed,
}

/// What the candidate's own block says of it.
fn named_within(own: &Read<'_>, candidate: &Candidate) -> Named {
    let text = &own.block.folded;
    let range = &candidate.range;
    let after = text
        .iter()
        .skip(range.end)
        .skip_while(|c| !c.is_alphanumeric());
    let after: Vec<char> = after.take(40).copied().collect();
    if words::OLD.end_at(&after, 0).is_some() {
        return Named::Claimed;
    }
    let before = own
        .labels()
        .iter()
        .rev()
        .filter(|label| label.range.end <= range.start);
    // A claim that another number already answers is spent: "card XX9688 is 588873".
    let is_spent = |label: &Label| {
        let (from, to) = (label.range.end, range.start);
        stands_between(&own.others, |other| other, from, to)
            || stands_between(&own.candidates, |other| &other.range, from, to)
    };
    let mut found = Named::No;
    for label in before {
        let gap = text.get(label.range.end..range.start).unwrap_or_default();
        if gap.len() > REACH {
            break;
        }
        match label.says {
            Says::Other if is_spent(label) => {}
            Says::Other if gap.len() <= 25 && !ends_sentence(gap) => return Named::Claimed,
            Says::Other => {}
            Says::Code => {
                let is_stated = is_stated(gap);
                let spent = if is_spent(label) && !is_stated { 25 } else { 0 };
                let distance = i32::try_from(gap.len()).unwrap_or(i32::MAX);
                let ends = if ends_sentence(gap) { 12 } else { 0 };
                let is_right_after = gap.iter().all(|c| !c.is_alphabetic()) || is_copula(gap);
                let base = match (is_right_after, is_stated) {
                    (true, _) => 60,
                    (false, true) => 58 - distance / 10,
                    (false, false) => 50 - distance / 3,
                };
                let sure = if label.is_sure { 5 } else { 0 };
                found = Named::Yes((base + sure - spent - ends).max(1));
                break;
            }
        }
    }
    if let Named::Yes(score) = found
        && score >= 40
    {
        return found;
    }
    let after = own
        .labels()
        .iter()
        .find(|label| label.says == Says::Code && label.range.start >= range.end);
    if let Some(label) = after {
        let gap = text.get(range.end..label.range.start).unwrap_or_default();
        let (from, to) = (range.end, label.range.start);
        let is_spent = stands_between(&own.candidates, |other| &other.range, from, to);
        if gap.len() <= 80 && !is_spent {
            let distance = i32::try_from(gap.len()).unwrap_or(i32::MAX);
            // "Use 660 214 to verify your address. This code will expire."
            let score = if ends_sentence(gap) {
                46 - distance / 6
            } else {
                55 - distance / 4
            };
            return match found {
                Named::Yes(known) => Named::Yes(known.max(score)),
                _ => Named::Yes(score),
            };
        }
    }
    found
}

/// "Enter 482 913 to sign in": nothing names the number, but it is told what to do with it.
fn told_to_enter(own: &Read<'_>, candidate: &Candidate) -> i32 {
    let text = &own.block.folded;
    let before = text.get(..candidate.range.start).unwrap_or_default();
    let near = before
        .get(before.len().saturating_sub(16)..)
        .unwrap_or_default();
    let is_told = (0..near.len()).any(|at| {
        let is_start = at
            .checked_sub(1)
            .is_none_or(|before| near.get(before).is_some_and(|c| !c.is_alphabetic()));
        (is_start || near.get(at).is_some_and(|c| u32::from(*c) > 0x2E80))
            && words::ENTER
                .end_at(near, at)
                .is_some_and(|end| ends_word(near, end) && is_blank(near.get(end..)))
    });
    let is_plain =
        matches!(candidate.shape, Shape::Digits | Shape::Mixed) && !candidate.is_date_like;
    if is_told && is_plain && own.signs() > 0 {
        50
    } else {
        0
    }
}

/// Whether a word of letters ends at a place; scripts without blanks have no ends.
fn ends_word(text: &[char], at: usize) -> bool {
    text.get(at)
        .is_none_or(|c| !c.is_alphabetic() || u32::from(*c) > 0x2E80)
}

/// Whether nothing but signs, or one short word, is left.
fn is_blank(rest: Option<&[char]>) -> bool {
    rest.is_some_and(|rest| rest.iter().filter(|c| c.is_alphanumeric()).count() <= 4)
}

/// `: `, ` is `, ` lautet ` and the like, in whatever language: at most two short words.
fn is_copula(gap: &[char]) -> bool {
    let text: String = gap.iter().collect();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.len() <= 2 && text.chars().count() <= 16
}

/// Whether what stands before a candidate says that it is what was spoken of: `… is 588873`, `…: 4471`.
fn is_stated(gap: &[char]) -> bool {
    const IS: &[&str] = &[
        "is",
        "ist",
        "lautet",
        "est",
        "es",
        "e",
        "eh",
        "er",
        "ar",
        "on",
        "jest",
        "to",
        "je",
        "znie",
        "este",
        "adalah",
        "ialah",
        "la",
        "είναι",
        "ειναι",
    ];
    let text: String = gap.iter().collect();
    let text = text.trim_end();
    let word = text
        .rsplit(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    text.ends_with([':', '=', '是', '为', '為', 'は']) || IS.contains(&word)
}

fn ends_sentence(gap: &[char]) -> bool {
    gap.windows(2)
        .any(|pair| matches!(pair, ['.' | '!' | '?', ' ']))
        || gap.iter().any(|c| matches!(c, '。' | '！' | '？'))
}

/// Whether the block holds little beside the candidate.
fn is_alone(block: &Block, range: &Range<usize>) -> bool {
    let outside = block
        .folded
        .get(..range.start)
        .into_iter()
        .chain(block.folded.get(range.end..));
    let letters = outside.flatten().filter(|c| c.is_alphanumeric());
    letters.take(3).count() <= 2
}

/// What the blocks above and below say of a candidate that its own says nothing of.
fn named_nearby(
    blocks: &[Read<'_>],
    at: usize,
    is_alone: bool,
    own: &Read<'_>,
    candidate: &Candidate,
) -> i32 {
    if !is_alone {
        // A line of its own that begins with it: "482913 (valid for 10 minutes)".
        if candidate.range.start > 2 || own.block.is_subject {
            return 0;
        }
    }
    let mut score = 0;
    for distance in 1..=NEIGHBOURS {
        let Some(above) = at.checked_sub(distance).and_then(|at| blocks.get(at)) else {
            break;
        };
        let text = &above.block.folded;
        let rest = |label: &&Label| text.len().saturating_sub(label.range.end);
        let last = above.labels().last();
        if distance == 1 && last.is_some_and(|label| label.says == Says::Other && rest(&label) <= 2)
        {
            return 0;
        }
        let mut names = above
            .labels()
            .iter()
            .rev()
            .filter(|label| label.says == Says::Code);
        let name = names.next().filter(|label| rest(label) <= 120);
        let is_answered = !above.candidates.is_empty() && !above.block.is_subject;
        if let Some(label) = name.filter(|_| !is_answered) {
            let lowers = i32::try_from(distance).unwrap_or(1) * 6;
            score = 58 - lowers - if rest(&label) > 40 { 6 } else { 0 };
            break;
        }
    }
    if score == 0 && is_alone {
        for distance in 1..=NEIGHBOURS {
            let Some(below) = blocks.get(at + distance) else {
                break;
            };
            let first = below
                .labels()
                .first()
                .filter(|label| label.range.start <= 60);
            if first.is_some_and(|label| label.says == Says::Code) && below.candidates.is_empty() {
                score = 54 - i32::try_from(distance).unwrap_or(1) * 6;
                break;
            }
        }
    }
    if score == 0 && is_alone {
        let subject = blocks.iter().find(|read| read.block.is_subject);
        let names =
            subject.is_some_and(|read| read.labels().iter().any(|label| label.says == Says::Code));
        score = if names { 38 } else { 0 };
    }
    if is_alone { score } else { score - 12 }
}

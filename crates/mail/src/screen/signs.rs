//! What one sentence shows: concepts, turns of phrase and forms.

use super::lexicon::{Concept, Lexicon};
use super::turns::{self, turns};
use super::words;

/// A form or turn of phrase in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    AgentAddressed,
    YouAreNow,
    SelfPrompt,
    Concealed,
    NoApproval,
    TriggerPhrase,
    InboxWide,
    Exactly,
    Verdict,
    Testing,
    Code,
    InYourResponse,
    FakeTag,
    Signup,
    /// A mail address.
    Address,
    /// A link.
    Link,
    /// `<|im_start|>` and its relatives.
    ChatTag,
    /// `[QUERY]`, `{data}`, `<INSERT …>` inside or beside a link.
    Placeholder,
    /// A call of a tool as JSON.
    ToolJson,
    /// Begins with an order.
    Order,
    /// Override, earlier and instruction close together.
    Override,
    /// "Your" right before "answer", or the like.
    YourResponse,
    /// A quotation in a sentence that tells of attacks.
    Quoted,
    /// Short, as a line of its own.
    Short,
}

/// How many signs there are.
pub(super) const SIGNS: u32 = 24;

impl Sign {
    pub(super) const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A sentence and what it shows.
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    /// In octets from the beginning of the segment.
    pub(super) at: usize,
    pub(super) lower: String,
    /// Bits of [`Concept`].
    pub(super) concepts: u32,
    /// Bits of [`Sign`].
    pub(super) signs: u32,
}

/// Octets after which a sentence is cut.
const MAX_SENTENCE: usize = 500;
/// Words in which the parts of an override stand together.
const NEAR: usize = 9;
/// A line shorter than this ends where it ends; a longer one was wrapped.
const WRAPPED: usize = 48;

/// Octets that may end a sentence, or that such a character begins with.
const MAY_END: [bool; 256] = {
    let mut all = [false; 256];
    let octets = b"\n.!?;\xD8\xE0\xE3\xEF";
    let mut index = 0;
    while index < octets.len() {
        all[octets[index] as usize] = true;
        index += 1;
    }
    all
};

/// Octets from `start` on that end no sentence, whatever follows: what may end one comes behind,
/// or the sentence is about to be too long.
fn unending(text: &str, start: usize, at: usize) -> usize {
    // The longest character is short enough to end before the limit.
    let limit = text.len().min(start + MAX_SENTENCE - char::MAX.len_utf8());
    let rest = text.as_bytes().get(at..limit).unwrap_or_default();
    let may_end = |octet: &u8| MAY_END.get(usize::from(*octet)) == Some(&true);
    let end = at + rest.iter().position(may_end).unwrap_or(rest.len());
    text.floor_char_boundary(end).max(at)
}

/// Cuts text into sentences.
pub(super) fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut cuts = Vec::new();
    let mut start = 0;
    let mut line = 0;
    let mut index = 0;
    loop {
        index = unending(text, start, index);
        let mut chars = text.get(index..).unwrap_or_default().chars();
        let Some(c) = chars.next() else { break };
        let end = index + c.len_utf8();
        let next = chars.next();
        let ends = match c {
            '\n' => {
                let short = index - line < WRAPPED;
                line = end;
                // Wrapped prose goes on in the next line, which seldom begins with a capital.
                short || next.is_none_or(|c| !c.is_alphanumeric() || c.is_uppercase())
            }
            '.' | '!' | '?' | ';' => next.is_none_or(char::is_whitespace) && end - start > 3,
            '。' | '！' | '？' | '।' | '؟' => true,
            _ => {
                end - start >= MAX_SENTENCE && c.is_whitespace() || end - start >= 2 * MAX_SENTENCE
            }
        };
        if ends {
            push(&mut cuts, text, start, end);
            start = end;
        }
        index = end;
    }
    push(&mut cuts, text, start, text.len());
    cuts
}

fn push<'a>(cuts: &mut Vec<(usize, &'a str)>, text: &'a str, start: usize, end: usize) {
    let piece = text.get(start..end).unwrap_or_default();
    let lead = piece.len() - piece.trim_start().len();
    let piece = piece.trim();
    if piece.chars().nth(2).is_some() {
        cuts.push((start + lead, piece));
    }
}

/// Reads one sentence.
pub(super) fn read<'a>(at: usize, text: &'a str, lexicon: &Lexicon) -> Sentence<'a> {
    let whole = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase().replace('’', "'")
    };
    let unlinked = without_links(&whole);
    let (phrases, own) = turns(unlinked.as_deref().unwrap_or(&whole));
    // What stands in links counts as a form, not as a phrase.
    let seen = if unlinked.is_some() {
        turns(&whole).1
    } else {
        own
    };
    let lower = unlinked.unwrap_or(whole);
    let mut signs = phrases | forms(text, seen, &lower);
    let lead = lead_words(&lower);
    let mut order = WordOrder::default();
    let (mut concepts, mut led) = (0, 0);
    let mut last = "";
    for word in words::words(&lower) {
        let mut found = lexicon.word(word);
        if last.len() + word.len() < 24 && !last.is_empty() && !word.is_ascii() | !last.is_ascii() {
            found |= lexicon.pair(last, word);
        }
        if order.words == lead {
            led = found;
        }
        concepts |= found;
        order.take(found);
        last = word;
    }
    signs |= order.signs;
    let answers = signs & Sign::InYourResponse.bit() != 0 && lower.starts_with("in ");
    if led & ORDERS != 0 || answers {
        signs |= Sign::Order.bit();
    }
    // Whoever asks for an answer speaks of it too; only an order or a form makes it steering.
    let steering = Sign::Order.bit()
        | Sign::Exactly.bit()
        | Sign::Testing.bit()
        | Sign::Code.bit()
        | Sign::SelfPrompt.bit()
        | Sign::FakeTag.bit();
    if signs & steering == 0 {
        signs &= !Sign::InYourResponse.bit();
    }
    if order.words <= 14 {
        signs |= Sign::Short.bit();
    }
    Sentence {
        text,
        at,
        lower,
        concepts,
        signs,
    }
}

/// Concepts whose words order something when they come first.
const ORDERS: u32 = Concept::Send.bit()
    | Concept::Include.bit()
    | Concept::Transform.bit()
    | Concept::Reveal.bit()
    | Concept::Act.bit()
    | Concept::Ignore.bit()
    | Concept::Approve.bit()
    | Concept::Persona.bit()
    | Concept::Tool.bit();

/// How many words come before an order without changing it.
fn lead_words(lower: &str) -> usize {
    const LEADS: &[&str] = &[
        "please",
        "now",
        "then",
        "also",
        "just",
        "kindly",
        "first",
        "next",
        "finally",
        "todo",
        "important",
        "urgent",
        "you",
        "must",
        "should",
        "need",
        "to",
        "could",
        "can",
        "would",
        "immediately",
        "and",
        "so",
        "do",
        "always",
        "step",
        "system",
        "note",
        "instead",
        "make",
        "sure",
        "that",
        "bitte",
        "por",
        "favor",
        "per",
        "favore",
        "veuillez",
        "proszę",
        "пожалуйста",
        "lütfen",
    ];
    words::words(lower)
        .take(6)
        .take_while(|word| LEADS.contains(word))
        .count()
}

/// Signs that come from the order of words.
#[derive(Default)]
struct WordOrder {
    signs: u32,
    words: usize,
    /// How many words there were when a part of an override was seen last.
    parts: [Option<usize>; 3],
    /// The last two words, the later behind.
    last: [u32; 2],
}

impl WordOrder {
    /// Takes the concepts of the next word.
    fn take(&mut self, word: u32) {
        const PARTS: [u32; 3] = [
            Concept::Ignore.bit(),
            Concept::Prior.bit() | Concept::Your.bit() | Concept::All.bit(),
            Concept::Instruction.bit(),
        ];
        for (seen, part) in self.parts.iter_mut().zip(PARTS) {
            if word & part != 0 {
                *seen = Some(self.words);
            }
        }
        let near = |seen: &Option<usize>| seen.is_some_and(|seen| self.words - seen < NEAR);
        if self.parts.iter().all(near) {
            self.signs |= Sign::Override.bit();
        }
        let [first, second] = self.last;
        if first & Concept::Your.bit() != 0 && (second | word) & Concept::Response.bit() != 0 {
            self.signs |= Sign::YourResponse.bit();
        }
        self.last = [second, word];
        self.words += 1;
    }
}

/// Signs that come from characters, given the forms of the whole sentence.
fn forms(text: &str, seen: u32, unlinked: &str) -> u32 {
    let mut signs = 0;
    let has = |form: u32| seen & form != 0;
    if has_address(unlinked) {
        signs |= Sign::Address.bit();
    }
    if has(turns::LINK) {
        signs |= Sign::Link.bit();
    }
    if has(turns::TAG) {
        signs |= Sign::ChatTag.bit();
    } else if has(turns::OPEN) {
        signs |= Sign::Placeholder.bit();
    }
    if has(turns::TOOL) && has(turns::DOES) {
        signs |= Sign::ToolJson.bit();
    }
    if has(turns::TOLD) && text.contains(['"', '“', '„', '«', '\u{2018}']) {
        signs |= Sign::Quoted.bit();
    }
    signs
}

/// The text with every link cut to its scheme, if it has links: the words of an address order
/// nothing, and a mail address among them names the reader.
fn without_links(lower: &str) -> Option<String> {
    let is_scheme = |at: usize| {
        lower
            .get(at + 1..)
            .is_some_and(|rest| rest.starts_with("//"))
    };
    memchr::memchr_iter(b':', lower.as_bytes()).find(|at| is_scheme(*at))?;
    let mut out = String::with_capacity(lower.len());
    for token in lower.split_inclusive(char::is_whitespace) {
        match token.find("://") {
            Some(at) => {
                out.push_str(token.get(..at + 3).unwrap_or_default());
                out.push(' ');
            }
            None => out.push_str(token),
        }
    }
    Some(out)
}

fn has_address(lower: &str) -> bool {
    memchr::memchr_iter(b'@', lower.as_bytes()).any(|at| {
        let before = lower.as_bytes().get(..at).and_then(<[u8]>::last);
        let after = lower.get(at + 1..).unwrap_or_default();
        let domain: &str = after
            .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
            .next()
            .unwrap_or_default();
        before.is_some_and(u8::is_ascii_alphanumeric)
            && domain.len() < 255
            && domain.trim_end_matches('.').contains('.')
    })
}

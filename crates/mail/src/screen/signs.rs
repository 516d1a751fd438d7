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

/// Cuts text into sentences.
pub(super) fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut cuts = Vec::new();
    let mut start = 0;
    let mut line = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((index, c)) = chars.next() {
        let end = index + c.len_utf8();
        let next = chars.peek().map(|(_, c)| *c);
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
    let mut words: Vec<u32> = Vec::new();
    let mut last = "";
    for word in words::words(&lower) {
        let mut found = lexicon.word(word);
        if last.len() + word.len() < 24 && !last.is_empty() && !word.is_ascii() | !last.is_ascii() {
            found |= lexicon.pair(last, word);
        }
        words.push(found);
        last = word;
    }
    let concepts = words.iter().fold(0, |all, word| all | word);
    signs |= orders(&words);
    let led = words.get(lead_words(&lower)).copied().unwrap_or(0);
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
    if words.len() <= 14 {
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
fn orders(words: &[u32]) -> u32 {
    let mut signs = 0;
    let mut run: [usize; 3] = [usize::MAX; 3];
    for (index, word) in words.iter().enumerate() {
        for (slot, concept) in run.iter_mut().zip([
            Concept::Ignore.bit(),
            Concept::Prior.bit() | Concept::Your.bit() | Concept::All.bit(),
            Concept::Instruction.bit(),
        ]) {
            if word & concept != 0 {
                *slot = index;
            }
        }
        if run
            .iter()
            .all(|seen| *seen != usize::MAX && index - seen < NEAR)
        {
            signs |= Sign::Override.bit();
        }
    }
    for pair in words.windows(3) {
        if let [first, second, third] = pair
            && first & Concept::Your.bit() != 0
            && (second | third) & Concept::Response.bit() != 0
        {
            signs |= Sign::YourResponse.bit();
        }
    }
    signs
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
    memchr::memmem::find(lower.as_bytes(), b"://")?;
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

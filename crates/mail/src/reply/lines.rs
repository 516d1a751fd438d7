//! What a line of a message is: an attribution, the header block of an old message, a divider.

use super::language::{ATTRIBUTIONS, DEVICE_NOTES, FORWARDED, LABELS, Label, ORIGINAL};

/// A line as the reader sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line<'a> {
    /// The words, without quote marks and outer blanks.
    pub(super) text: std::borrow::Cow<'a, str>,
    /// How deeply it is quoted.
    pub(super) depth: usize,
    pub(super) mark: Mark,
}

/// What the HTML around a line says about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    #[default]
    None,
    /// The client's own element for the line above a quotation.
    Attribution,
    /// The client's own element for the beginning of the old message.
    History,
    /// The client's own element for a forwarded message.
    Forward,
    /// Inside a quotation that a client made.
    Quoted,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// Words of the author's own: not blank, not quoted.
    pub(super) fn is_own(&self) -> bool {
        self.depth == 0 && !self.is_blank()
    }
}

/// Lines an attribution may be wrapped over, and octets it may have.
const MAX_ATTRIBUTION_LINES: usize = 4;
const MAX_ATTRIBUTION: usize = 400;
/// Lines looked at for a header block.
const MAX_BLOCK_LINES: usize = 14;

/// If an attribution begins at `at`, the line it ends on. A quoted line can be one too: some
/// clients quote the attribution with the message.
pub(super) fn attribution(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at).filter(|line| !line.is_blank())?;
    let depth = first.depth;
    if first.mark == Mark::Attribution {
        let more = lines.get(at + 1..)?;
        let run = more
            .iter()
            .take_while(|l| l.mark == Mark::Attribution && l.depth == depth);
        return Some(at + run.count());
    }
    let mut joined = String::new();
    for (index, line) in lines
        .iter()
        .enumerate()
        .skip(at)
        .take(MAX_ATTRIBUTION_LINES)
    {
        if line.is_blank()
            || line.depth != depth
            || joined.len() + line.text.len() > MAX_ATTRIBUTION
        {
            break;
        }
        if index > at {
            joined.push(' ');
        }
        joined.push_str(&line.text);
        if may_end_attribution(&line.text)
            && is_attribution(&joined, &first.text, index > at, lines, index)
        {
            return Some(index);
        }
        if index == at && stands_over_quote(lines, index) && names_sender_and_date(&joined) {
            return Some(index);
        }
    }
    None
}

/// Cheap: most lines of a message fail here.
fn may_end_attribution(line: &str) -> bool {
    let line = line.trim_end_matches(['*', '_', '-', ' ', '\u{a0}']);
    line.ends_with([':', '：', '︰']) || line.to_lowercase().ends_with("wrote")
}

fn is_attribution(
    joined: &str,
    first: &str,
    wrapped: bool,
    lines: &[Line<'_>],
    last: usize,
) -> bool {
    let lower = joined.to_lowercase();
    let lower = lower.trim_start_matches(['-', '*', '_', ' ', '>']);
    let over_quote = || stands_over_quote(lines, last);
    let strong = names_sender_or_time(lower);
    // Nothing to date it and nothing quoted below: prose, whatever its verbs.
    if !strong && !over_quote() {
        return false;
    }
    // `2026年8月25日 10:41 Ann <ann@a.example>:` and its like need no verb in any language.
    let bare = lower.trim_end_matches([':', '：', '︰', ' ']);
    if bare.ends_with('>')
        && lower.contains('@')
        && has_time(lower)
        && (!wrapped || names_sender_or_time(first))
    {
        return true;
    }
    for language in ATTRIBUTIONS {
        let verb = language.verbs.iter().any(|verb| {
            if language.unspaced {
                lower.contains(verb)
            } else {
                contains_word(lower, verb)
            }
        });
        if !verb {
            continue;
        }
        let start = language.starts.iter().any(|start| lower.starts_with(start));
        if start && (strong || (has_digit(lower) && over_quote()) || over_quote()) {
            return true;
        }
        if (!wrapped || names_sender_or_time(first))
            && (strong || over_quote())
            && ends_in_verb_or_name(lower, language.verbs)
        {
            return true;
        }
    }
    over_quote() && strong && (!wrapped || names_sender_or_time(first))
}

/// Without an opening word, prose such as `As Ann wrote at 10:30 in her note to all:` must not
/// pass: the verb, or a name with an address, has to stand at the end.
fn ends_in_verb_or_name(lower: &str, verbs: &[&str]) -> bool {
    let bare = lower.trim_end_matches([':', '：', '︰', ' ', '-', '*']);
    bare.ends_with(['>', ')', ']']) || verbs.iter().any(|verb| bare.ends_with(verb))
}

/// The next line with words is a more deeply quoted one, at most one blank line further down.
fn stands_over_quote(lines: &[Line<'_>], at: usize) -> bool {
    let depth = lines.get(at).map_or(0, |line| line.depth);
    lines
        .iter()
        .skip(at + 1)
        .take(3)
        .find(|line| line.depth > depth || !line.is_blank())
        .is_some_and(|line| line.depth > depth)
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic)
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

/// `12:30`, `12.30`, `12h30`.
fn has_time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|w| {
        matches!(w, [a, b':' | b'.' | b'h', c, d] if a.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit())
    })
}

/// `2026`, or `25/08/26` and its like.
fn has_date(text: &str) -> bool {
    text.as_bytes().windows(4).any(|w| {
        matches!(w, [b'1', b'9', c, d] | [b'2', b'0', c, d] if c.is_ascii_digit() && d.is_ascii_digit())
            || matches!(w, [a, b'/' | b'.' | b'-', b, b'/' | b'.' | b'-'] if a.is_ascii_digit() && b.is_ascii_digit())
            || matches!(w, [b'/' | b'.' | b'-', a, b, b'/' | b'.' | b'-'] if a.is_ascii_digit() && b.is_ascii_digit())
    })
}

fn names_sender_or_time(text: &str) -> bool {
    has_time(text) || has_date(text) || text.contains('@')
}

fn names_sender_and_date(text: &str) -> bool {
    text.contains('@')
        && text.trim_end_matches([':', ' ']).ends_with('>')
        && (has_time(text) || has_date(text))
}

/// If the header block of an old message begins at `at`, true: `From:` and at least one of the
/// other headers follow one another, in any order, perhaps in bold.
pub(super) fn header_block(lines: &[Line<'_>], at: usize) -> bool {
    let Some((first, _)) = lines
        .get(at)
        .filter(|line| line.is_own())
        .and_then(|line| label(&line.text))
    else {
        return false;
    };
    if !matches!(
        first,
        Label::From | Label::Date | Label::To | Label::Subject
    ) {
        return false;
    }
    let (mut from, mut date, mut to, mut subject) = (false, false, false, false);
    let mut address = false;
    let mut strays = 0;
    let mut waiting = false;
    for line in lines.iter().skip(at).take(MAX_BLOCK_LINES) {
        if line.depth > 0 {
            break;
        }
        if line.is_blank() {
            // Some clients put an empty line between headers; two end the block.
            if waiting {
                break;
            }
            waiting = true;
            continue;
        }
        let Some((label, value)) = label(&line.text) else {
            // The rest of a long line of recipients.
            strays += 1;
            if strays > 3 || waiting {
                break;
            }
            continue;
        };
        waiting = false;
        strays = 0;
        match label {
            Label::From => {
                from = true;
                address |= value.contains('@') || value.contains("mailto");
            }
            Label::Date => date = true,
            Label::To => to = true,
            Label::Subject => subject = true,
            Label::Cc | Label::Other => {}
        }
    }
    let others = usize::from(date) + usize::from(to) + usize::from(subject);
    from && (others >= 2 || (others == 1 && address))
}

/// `From: …`, `*Von:* …`, `差出人： …`: the header a line is, and its value.
fn label(line: &str) -> Option<(Label, &str)> {
    let window = line.get(..line.floor_char_boundary(40)).unwrap_or(line);
    let colon = window.find([':', '：'])?;
    let name = line
        .get(..colon)?
        .trim_matches(['*', '_', ' ', '\u{a0}', '\t', '|']);
    if name.is_empty() {
        return None;
    }
    let lower = name.to_lowercase();
    let value = line
        .get(colon..)?
        .trim_start_matches([':', '：', '*', '_', ' ', '\u{a0}']);
    LABELS
        .iter()
        .find(|(_, names)| names.contains(&lower.as_str()))
        .map(|(label, _)| (*label, value))
}

/// `-----Original Message-----` in its many forms.
pub(super) fn is_divider(line: &str) -> bool {
    between_dashes(line)
        .is_some_and(|inner| ORIGINAL.iter().any(|phrase| inner.starts_with(phrase)))
        || is_lone_phrase(line, ORIGINAL)
}

/// `---------- Forwarded message ---------` in its many forms.
pub(super) fn is_forward(line: &str) -> bool {
    between_dashes(line)
        .is_some_and(|inner| FORWARDED.iter().any(|phrase| inner.starts_with(phrase)))
        || is_lone_phrase(line, FORWARDED)
}

/// The lower-cased text after at least two dashes or underscores.
fn between_dashes(line: &str) -> Option<String> {
    let line = line.trim_start_matches('*');
    let inner = line.trim_start_matches(['-', '_', '=', '*', '—', '–', ' ', '>', '\u{a0}']);
    let dashes = line.len() - inner.len();
    let marked = line.starts_with("--")
        || line.starts_with("__")
        || line.starts_with("==")
        || line.starts_with('—')
        || line.starts_with("- ")
        || line.starts_with("**");
    if dashes < 2 || !marked || inner.is_empty() {
        return None;
    }
    let window = inner.get(..inner.floor_char_boundary(80)).unwrap_or(inner);
    Some(window.to_lowercase())
}

/// The phrase alone on its line, with a colon.
fn is_lone_phrase(line: &str, phrases: &[&str]) -> bool {
    if line.len() > 80 || !line.ends_with([':', '：']) {
        return false;
    }
    let lower = line
        .trim_end_matches([':', '：', ' ', '\u{a0}'])
        .to_lowercase();
    phrases.contains(&lower.as_str())
}

/// A line of dashes or underscores, which clients put above a header block.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 5
        && line
            .chars()
            .all(|c| matches!(c, '_' | '-' | '=' | '*' | '—' | '─' | '\u{2501}'))
}

/// `-- ` and its variants above a signature.
pub(super) fn is_signature_mark(line: &str) -> bool {
    matches!(line, "--" | "-- " | "—" | "–" | "---")
}

/// A line a telephone or an app puts under a message: `Sent from my iPhone`.
pub(super) fn is_device_note(line: &str) -> bool {
    if line.len() > 120 {
        return false;
    }
    let lower = line
        .trim_start_matches(['(', '<', '[', '*', ' '])
        .to_lowercase();
    DEVICE_NOTES.iter().any(|(start, rest)| {
        lower
            .strip_prefix(start)
            .is_some_and(|after| rest.is_empty() || rest.iter().any(|word| after.contains(word)))
    })
}

/// The first words of an automatic report about a message that could not be delivered.
pub(super) fn is_bounce(lines: &[Line<'_>]) -> bool {
    const OPENINGS: &[&str] = &[
        "this is the mail system at host",
        "this message was created automatically by mail delivery software",
        "delivery has failed to these recipients",
        "delivery to the following recipient",
        "your message did not reach some or all",
        "hi. this is the qmail-send program",
        "** address not found **",
        "the original message was received at",
        "the following message to",
        "mail delivery failed",
        "undelivered mail returned to sender",
        "message not delivered",
        "address not found",
    ];
    lines
        .iter()
        .filter(|line| line.is_own())
        .take(4)
        .any(|line| {
            let window = line
                .text
                .get(..line.text.floor_char_boundary(120))
                .unwrap_or(&line.text);
            let lower = window.to_lowercase();
            OPENINGS.iter().any(|opening| lower.starts_with(opening))
        })
}

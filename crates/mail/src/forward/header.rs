//! The header block above a forwarded message: labelled lines, or all of it on one line.

use unicode_normalization::UnicodeNormalization;

use super::labels::{self, Label};
use super::line::Line;

/// What a header block says, each value as written with its lines joined.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    pub(super) from: Option<String>,
    pub(super) date: Option<String>,
    pub(super) to: Option<String>,
    pub(super) cc: Option<String>,
    pub(super) subject: Option<String>,
    /// `From` stands there under this label.
    pub(super) from_label: String,
}

impl Header {
    fn slot(&mut self, label: Label) -> Option<&mut Option<String>> {
        Some(match label {
            Label::From => &mut self.from,
            Label::Date => &mut self.date,
            Label::To => &mut self.to,
            Label::Cc => &mut self.cc,
            Label::Subject => &mut self.subject,
            Label::Other => return None,
        })
    }

    fn get(&self, label: Label) -> Option<&String> {
        match label {
            Label::From => self.from.as_ref(),
            Label::Date => self.date.as_ref(),
            Label::To => self.to.as_ref(),
            Label::Cc => self.cc.as_ref(),
            Label::Subject => self.subject.as_ref(),
            Label::Other => None,
        }
    }

    fn has(&self, label: Label) -> bool {
        self.get(label).is_some()
    }

    fn others(&self) -> usize {
        usize::from(self.date.is_some())
            + usize::from(self.to.is_some())
            + usize::from(self.subject.is_some())
    }

    /// Enough to be a block without a separator above it.
    pub(super) fn stands_alone(&self) -> bool {
        let Some(from) = &self.from else {
            return false;
        };
        self.others() >= 2 || (self.others() == 1 && from.contains('@'))
    }

    /// Enough to be a block under a separator.
    pub(super) fn stands_under_separator(&self) -> bool {
        self.stands_alone()
            || self.others() >= 2
            || self
                .from
                .as_ref()
                .is_some_and(|from| from.contains('@') || self.others() == 1)
    }

    fn is_complete(&self) -> bool {
        self.from.is_some() && self.others() == 3
    }
}

/// Lines that one block may have, and one list of people in it.
const MAX_BLOCK: usize = 120;
const MAX_FOLDED: usize = 60;

/// Reads the block that begins at line `at`; the second value is the line after it. The caller
/// asks whether it says enough.
///
/// A value goes on over lines without a label as long as another label follows, so a body that
/// begins right under the last header (new Outlook) is none of it.
pub(super) fn block(lines: &[Line<'_>], at: usize) -> Option<(Header, usize)> {
    let depth = lines.get(at)?.depth;
    let mut reader = Reader::new(at);
    for (index, line) in lines.iter().enumerate().skip(at).take(MAX_BLOCK) {
        if line.depth != depth || !reader.take(line.text, index) {
            break;
        }
    }
    reader.finish(lines)
}

struct Reader<'a> {
    header: Header,
    current: Option<Label>,
    /// Lines since the last label: the rest of its value if another label follows.
    pending: Vec<(usize, &'a str)>,
    blanks: usize,
    /// Some clients put an empty line between headers.
    spaced: bool,
    /// Values stand on the lines below their labels.
    below: bool,
    labels: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn new(at: usize) -> Self {
        Self {
            header: Header::default(),
            current: None,
            pending: Vec::new(),
            blanks: 0,
            spaced: false,
            below: false,
            labels: 0,
            end: at,
        }
    }

    /// Takes a line; `false` when it cannot belong to the block.
    fn take(&mut self, text: &'a str, index: usize) -> bool {
        if text.is_empty() {
            self.blanks += 1;
            let done = self.header.is_complete() || !self.pending.is_empty();
            return self.blanks <= 2 && self.labels > 0 && !done;
        }
        let found = label(text);
        if found
            .as_ref()
            .is_some_and(|found| self.opens_another(found.label))
        {
            return false;
        }
        let found = found.filter(|found| self.may_follow(found.label));
        let Some(found) = found else {
            let awaited = self.value_is_empty() && self.pending.is_empty();
            let limit = match self.current {
                Some(Label::To | Label::Cc) => MAX_FOLDED,
                Some(Label::Subject) if self.header.is_complete() => 2,
                Some(_) => 4,
                None => 0,
            };
            let taken = (self.blanks == 0 || awaited) && self.pending.len() < limit;
            if taken {
                self.pending.push((index, text));
            }
            return taken;
        };
        self.spaced |= self.blanks > 0;
        self.blanks = 0;
        self.append_pending();
        self.current = Some(found.label);
        self.labels += 1;
        if found.label == Label::From {
            self.header.from_label = found.name;
        }
        if !self.header.has(found.label)
            && let Some(slot) = self.header.slot(found.label)
        {
            *slot = Some(found.value.to_owned());
        }
        self.end = index + 1;
        true
    }

    /// A second `From` or `Subject` belongs to another block, and so does any header after all
    /// four stood there. (`Bcc` counts as `Cc`, and some write `Sent` and `Date`.)
    fn opens_another(&self, label: Label) -> bool {
        let once = matches!(label, Label::From | Label::Subject);
        self.header.has(label) && (once || self.header.is_complete() && label != Label::Cc)
    }

    /// After an empty line only a header that is still missing can follow, and only where empty
    /// lines divide the others too.
    fn may_follow(&self, label: Label) -> bool {
        self.blanks == 0 || (!self.header.has(label) && (self.spaced || self.labels < 3))
    }

    fn value_is_empty(&self) -> bool {
        let value = self.current.and_then(|label| self.header.get(label));
        value.is_some_and(String::is_empty)
    }

    fn append_pending(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.below |= !pending.is_empty() && self.value_is_empty();
        let Some(slot) = self.current.and_then(|label| self.header.slot(label)) else {
            return;
        };
        if let Some(value) = slot {
            for (_, line) in pending {
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(line);
            }
        }
    }

    fn finish(mut self, lines: &[Line<'_>]) -> Option<(Header, usize)> {
        if self.labels == 0 {
            return None;
        }
        let last = lines.get(self.end - 1).map_or("", |line| line.text);
        let rest = if self.below && self.value_is_empty() {
            1
        } else {
            folded(self.current, last, &self.pending)
        };
        self.pending.truncate(rest);
        if let Some((at, _)) = self.pending.last() {
            self.end = at + 1;
        }
        self.append_pending();
        Some((self.header, self.end))
    }
}

/// How many of the lines under the last label are the rest of its value: people go on after a
/// comma or inside a bracket; a subject goes on where a mailer had to fold it, which shows in the
/// first word of the next line not having had room, and in an empty line after it.
fn folded(label: Option<Label>, last: &str, pending: &[(usize, &str)]) -> usize {
    let pending = || pending.iter().map(|(_, line)| *line);
    match label {
        Some(Label::To | Label::Cc) => {
            let above = std::iter::once(last).chain(pending());
            above
                .zip(pending())
                .take_while(|(above, _)| is_open(above))
                .count()
        }
        Some(Label::Subject) => {
            let mut below = pending();
            let word = below.next().and_then(|line| line.split_whitespace().next());
            let wide = last.chars().count();
            let full = word.is_some_and(|word| wide <= 80 && wide + 1 + word.chars().count() > 76);
            usize::from(full && below.next().is_none())
        }
        _ => 0,
    }
}

/// A list that a mailer broke off.
fn is_open(line: &str) -> bool {
    line.ends_with([',', ';'])
        || line
            .rfind('<')
            .is_some_and(|at| !line.get(at..).unwrap_or_default().contains('>'))
}

struct Found<'a> {
    label: Label,
    name: String,
    value: &'a str,
}

/// `From: …`, `*Von:* …`, `**De :** …`, `差出人：…`: the header a line is, and its value.
fn label(line: &str) -> Option<Found<'_>> {
    let bold = line.len() - line.trim_start_matches(['*', '_']).len();
    let window = line.floor_char_boundary(labels::LONGEST);
    let colon = line.get(..window)?.find([':', '：', '﹕', '︰'])?;
    let name = normal(line.get(..colon)?);
    let label = labels::meaning(&name)?;
    let after = line.get(colon..)?;
    let mut value = after
        .trim_start_matches([':', '：', '﹕', '︰'])
        .trim_matches(is_padding);
    if bold > 0 {
        let stars = value.len() - value.trim_start_matches(['*', '_']).len();
        if stars > 0 {
            value = value.get(stars.min(bold)..).unwrap_or(value);
        } else {
            value = value.trim_end_matches(['*', '_']);
        }
    }
    Some(Found {
        label,
        name,
        value: value.trim_matches(is_padding),
    })
}

/// Whether the line is a header of a message, by its label alone.
pub(super) fn is_labelled(line: &str) -> bool {
    label(line).is_some()
}

fn is_padding(c: char) -> bool {
    c.is_whitespace() || super::line::is_invisible(c)
}

/// A label as the tables have it.
fn normal(name: &str) -> String {
    name.trim_matches(|c: char| is_padding(c) || matches!(c, '*' | '_' | '|' | '•' | '#'))
        .nfc()
        .collect::<String>()
        .to_lowercase()
        .replace('\u{307}', "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Octets of a header on one line, and colons looked at in it.
const MAX_INLINE: usize = 8_000;
const MAX_COLONS: usize = 60;

/// Reads a header that a client ran together: Yahoo writes
/// `From: A <a@x>To: B <b@x>Sent: … GMT+1Subject: S`. The subject comes last; there is no header
/// behind it.
pub(super) fn inline(text: &str) -> Option<Header> {
    let text = text.get(..text.floor_char_boundary(MAX_INLINE))?;
    let mut marks: Vec<(usize, usize, Label)> = Vec::new();
    let mut floor = 0;
    for (colon, mark) in text.match_indices([':', '：']).take(MAX_COLONS) {
        if let Some((start, label)) = label_before(text, floor, colon) {
            marks.push((start, colon + mark.len(), label));
            floor = colon + mark.len();
            if label == Label::Subject && marks.len() > 1 {
                break;
            }
        }
    }
    let mut header = Header::default();
    for (index, &(start, from, label)) in marks.iter().enumerate() {
        let to = marks.get(index + 1).map_or(text.len(), |next| next.0);
        let value = text
            .get(from..to)
            .unwrap_or_default()
            .trim_matches(is_padding);
        if label == Label::From {
            header.from_label = normal(
                text.get(start..from)
                    .unwrap_or_default()
                    .trim_end_matches([':', '：']),
            );
        }
        if !header.has(label)
            && let Some(slot) = header.slot(label)
        {
            *slot = Some(value.to_owned());
        }
    }
    header.stands_under_separator().then_some(header)
}

/// The longest label that ends right before the colon. It begins with a capital (or in a script
/// without), and where it touches the word before (`CETTemat:`) it must be long enough not to be
/// that word's end.
fn label_before(text: &str, floor: usize, colon: usize) -> Option<(usize, Label)> {
    let before = text.get(floor..colon)?;
    let from = before.ceil_char_boundary(before.len().saturating_sub(labels::LONGEST));
    let window = before.get(from..)?;
    for (at, first) in window.char_indices() {
        if first.is_lowercase() || !first.is_alphabetic() {
            continue;
        }
        let name = window.get(at..)?;
        let previous = window.get(..at).and_then(|rest| rest.chars().next_back());
        let glued = previous.is_some_and(char::is_alphabetic);
        let other_script = !first.is_ascii() && previous.is_some_and(|c| c.is_ascii());
        if glued && !other_script && name.trim_end().chars().count() < 4 {
            continue;
        }
        if let Some(label) = labels::meaning(&normal(name)) {
            return Some((floor + from + at, label));
        }
    }
    None
}

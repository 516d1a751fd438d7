//! The header block of an old message: `From:`, `Sent:`, `To:` and `Subject:` in any language.

use super::attribution::{has_address, has_date, has_time};
use super::language::{LABELS, Label};
use super::lines::Line;
use super::words::may_have_colon;

/// Lines looked at for a header block.
const MAX_BLOCK_LINES: usize = 14;
/// Octets of one line looked at for several headers.
const MAX_INLINE: usize = 600;
/// Colons of a line before which a header block is looked for.
const MAX_GLUED_COLONS: usize = 12;

/// If the header block of an old message begins at `at`, true: `From:` and at least one of the
/// other headers follow one another, in any order, perhaps in bold, perhaps all in one line.
pub(super) fn header_block(lines: &[Line<'_>], at: usize) -> bool {
    let Some(line) = lines.get(at).filter(|line| line.is_own()) else {
        return false;
    };
    let Some((first, value)) = label(&line.text) else {
        return false;
    };
    if !matches!(
        first,
        Label::From | Label::Date | Label::To | Label::Subject
    ) {
        return false;
    }
    let mut seen = Seen::default();
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
        if !seen.add(label, value) {
            break;
        }
    }
    seen.is_block()
        || in_one_line(&line.text)
        || (first == Label::From && is_lone_sender(value) && stands_alone(lines, at))
}

/// Lines of an old message's head in which Notes names recipients and subject.
const MAX_NOTES_LINES: usize = 12;

/// The head that Notes writes, whose names stand on lines of their own and have no colon: the
/// sender, under it the date, then `To`, `cc` and `Subject`, each above its value.
pub(super) fn notes_head(lines: &[Line<'_>], at: usize) -> bool {
    let own = |line: &&Line<'_>| line.is_own();
    let mut below = lines.get(at..).unwrap_or_default().iter();
    let Some(sender) = below.next().filter(own) else {
        return false;
    };
    let known = sender.text.ends_with(['>', '"', ')']) || sender.text.contains('/');
    if !known || sender.text.len() > 120 {
        return false;
    }
    let mut below = below
        .take(MAX_NOTES_LINES)
        .take_while(|line| line.depth == 0)
        .filter(own);
    let dated = below
        .next()
        .is_some_and(|line| line.text.len() < 60 && has_time(&line.text) && has_date(&line.text));
    if !dated {
        return false;
    }
    let (mut to, mut subject) = (false, false);
    for line in below {
        match named(line.text.split('\t').next().unwrap_or_default()) {
            Some(Label::To) => to = true,
            Some(Label::Subject) => subject = true,
            _ => {}
        }
    }
    to && subject
}

/// The headers seen so far.
#[derive(Default)]
struct Seen {
    from: bool,
    date: bool,
    to: bool,
    subject: bool,
    /// The sender is an address, or the date is one.
    proven: bool,
}

impl Seen {
    /// False for a header that was there before: another block begins.
    fn add(&mut self, label: Label, value: &str) -> bool {
        let seen = match label {
            Label::From => {
                self.proven |= has_address(value) || value.contains("mailto");
                &mut self.from
            }
            Label::Date => {
                self.proven |= has_time(value) && has_date(value);
                &mut self.date
            }
            Label::To => &mut self.to,
            Label::Subject => &mut self.subject,
            Label::Cc | Label::Other => return true,
        };
        !std::mem::replace(seen, true)
    }

    fn is_block(&self) -> bool {
        let others = usize::from(self.date) + usize::from(self.to) + usize::from(self.subject);
        self.from && (others >= 2 || (others == 1 && self.proven))
    }
}

/// `From: Ann Sent: Tuesday To: Bob Subject: Plan`, as is left of a table.
fn in_one_line(line: &str) -> bool {
    let window = line
        .get(..line.floor_char_boundary(MAX_INLINE))
        .unwrap_or(line);
    let mut seen = Seen::default();
    let mut from = 0;
    for (colon, mark) in window.match_indices([':', '：']) {
        let before = window.get(from..colon).unwrap_or_default();
        let after = window.get(colon + mark.len()..).unwrap_or_default();
        let mut start = before.len();
        for _ in 0..3 {
            let Some(word) = before.get(..start) else {
                break;
            };
            let word = word.trim_end_matches([' ', '*', '\u{a0}']);
            start = word.rfind([' ', '\u{a0}', '*']).map_or(0, |at| at + 1);
            let name = before.get(start..).unwrap_or_default();
            if let Some(label) = named(name) {
                seen.add(label, after);
                from = colon + mark.len();
                break;
            }
        }
        if seen.is_block() && seen.proven {
            return true;
        }
    }
    false
}

/// Where a header block begins in a line whose breaks were lost: `Yes. From: Ann <ann@a.example>
/// Sent: Tuesday To: Bob Subject: Plan`.
pub(super) fn glued(line: &str) -> Option<usize> {
    if line.len() < 60 || !may_have_colon(line) {
        return None;
    }
    for (colon, _) in line.match_indices([':', '：']).take(MAX_GLUED_COLONS) {
        let before = line.get(..colon)?.trim_end_matches([' ', '*', '\u{a0}']);
        let start = before.rfind(' ').map_or(0, |at| at + 1);
        let name = before.get(start..)?;
        if start > 0
            && name.starts_with(char::is_uppercase)
            && named(name) == Some(Label::From)
            && in_one_line(line.get(start..)?)
        {
            return Some(start);
        }
    }
    None
}

/// An address and at most a name, and no word more.
fn is_lone_sender(value: &str) -> bool {
    let value = value.trim_end_matches(['*', ' ', ',']);
    has_address(value) && value.len() < 120 && {
        let last = value.rsplit(' ').next().unwrap_or_default();
        has_address(last) || last.ends_with(['>', ']', ')'])
    }
}

/// Between blank lines, or at the edge.
fn stands_alone(lines: &[Line<'_>], at: usize) -> bool {
    let apart = |line: Option<&Line<'_>>| line.is_none_or(Line::is_blank);
    at > 0 && apart(lines.get(at - 1)) && apart(lines.get(at + 1))
}

/// `From: …`, `*Von:* …`, `差出人： …`: the header a line is, and its value.
pub(super) fn label(line: &str) -> Option<(Label, &str)> {
    let window = line.get(..line.floor_char_boundary(40)).unwrap_or(line);
    let colon = Some(window)
        .filter(|window| may_have_colon(window))?
        .find([':', '：'])?;
    let found = named(line.get(..colon)?)?;
    let value = line
        .get(colon..)?
        .trim_start_matches([':', '：', '*', '_', ' ', '\u{a0}']);
    Some((found, value))
}

fn named(name: &str) -> Option<Label> {
    let name = name.trim_matches(['*', '_', ' ', '\u{a0}', '\t', '|']);
    if name.is_empty() {
        return None;
    }
    let lower = name.to_lowercase();
    LABELS
        .iter()
        .find(|(_, names)| names.contains(&lower.as_str()))
        .map(|(label, _)| *label)
}

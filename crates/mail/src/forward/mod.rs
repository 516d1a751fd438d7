//! The message that somebody forwards inside a text body, read into its parts.
//!
//! What clients write in which language is data in `labels` and `separators`. The rules ask for
//! shape first (a line between dashes, a block of labelled lines) and for words second, so most of
//! what an unknown language writes is understood too. Every step is linear.

mod body;
mod header;
mod labels;
mod line;
mod people;
mod separators;
#[cfg(test)]
mod tests;

use crate::Correspondent;
use crate::thread_key::{SubjectKind, after_tags, prefix, subject_kind, without_prefix};
use header::Header;
use line::Line;
use separators::{Announces, Separator};

/// A forwarded message and what was written around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    /// What the forwarder wrote above it, perhaps nothing.
    pub message: String,
    /// The subject of the forwarded message. Where the client keeps none (Outlook 2019 writes only
    /// an attribution), the outer subject without its prefix.
    pub subject: Option<String>,
    /// Who wrote it. The address is empty when only a name stands there. Nobody has checked it:
    /// the forwarder can write here whatever they like.
    pub from: Option<Correspondent>,
    /// Whom it was sent to.
    pub to: Vec<Correspondent>,
    /// Who got a copy.
    pub cc: Vec<Correspondent>,
    /// Its date as written there, in the forwarder's language and zone.
    pub date: Option<String>,
    /// Its text, with one level of quote marks or of indentation taken off; forwards inside it
    /// stay as they are.
    pub body: String,
    /// What stands below the forwarded message where its end shows: it was quoted, or the client
    /// marks the end.
    pub below: String,
}

/// Finds the forwarded message in `text`, the plain text of a message with the given `subject`.
///
/// A line that says that a message is forwarded is believed unless it stands in quoted history. A
/// bare header block, `Original Message`, and an attribution stand above the history of replies
/// as well, so there the subject decides: a forward prefix means forwarded; a reply prefix means
/// history; with a subject that has neither, a block counts when nothing was written above it. A
/// `subject` of `None` is one that is not known: a block that is not quoted counts, an attribution
/// does not. A subject alone proves nothing: a forward as an attachment gives `None`.
#[must_use]
pub fn forward(text: &str, subject: Option<&str>) -> Option<Forward> {
    let lines = line::lines(text);
    let found = Search::new(&lines, subject).run()?;
    let (body, below) = body::body(&lines, found.end, found.depth, found.indented);
    let header = found.header;
    let from = found
        .person
        .or_else(|| header.from.as_deref().and_then(people::person));
    Some(Forward {
        message: body::message(&lines, found.start),
        subject: header
            .subject
            .filter(|subject| !subject.is_empty())
            .or_else(|| subject.map(|outer| without_prefix(outer).to_owned())),
        from,
        to: header.to.as_deref().map(people::people).unwrap_or_default(),
        cc: header.cc.as_deref().map(people::people).unwrap_or_default(),
        date: header.date.filter(|date| !date.is_empty()),
        body,
        below,
    })
}

/// Where a forwarded message stands.
#[derive(Debug, Default)]
struct Found {
    /// The line where what belongs to it begins: its separator or header.
    start: usize,
    /// The line where its body begins.
    end: usize,
    /// The quote depth of its header.
    depth: usize,
    /// Outlook indents what stands under an attribution.
    indented: bool,
    header: Header,
    /// The sender where no header names them.
    person: Option<Correspondent>,
}

struct Search<'a> {
    lines: &'a [Line<'a>],
    kind: SubjectKind,
    known: bool,
    /// The prefix is `VS:`, Finnish for a reply, Danish and Norwegian for a forward.
    nordic: bool,
    /// Something was written above.
    written: bool,
    /// An attribution was passed: quoted lines are history.
    history: bool,
    /// Lines that may still be tried as headers run together, which takes long.
    inline: usize,
}

/// What the search makes of a line.
enum Step {
    Found(Box<Found>),
    /// The rest is the history of a reply.
    Stop,
    /// Go on at this line.
    Next(usize),
}

/// Lines that may be empty or stand between a separator and its header block.
const GAP: usize = 4;
/// Lines of one text that are tried as headers run together.
const MAX_INLINE: usize = 12;

impl<'a> Search<'a> {
    fn new(lines: &'a [Line<'a>], subject: Option<&str>) -> Self {
        Self {
            lines,
            kind: subject.map_or(SubjectKind::New, subject_kind),
            known: subject.is_some(),
            nordic: subject.is_some_and(|subject| prefix(after_tags(subject), &["vs"]).is_some()),
            written: false,
            history: false,
            inline: MAX_INLINE,
        }
    }

    fn run(mut self) -> Option<Found> {
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            if line.is_blank() && line.depth == 0 {
                at += 1;
                continue;
            }
            match self.step(at, line) {
                Step::Found(found) => return Some(*found),
                Step::Stop => return None,
                Step::Next(next) => at = next.max(at + 1),
            }
        }
        None
    }

    fn step(&mut self, at: usize, line: &Line<'a>) -> Step {
        let first = body::first_with_words(self.lines, at);
        if line.depth > 0 {
            // Only what opens a quotation can be a forward; deeper inside it is history.
            let end = body::quotation_end(self.lines, at);
            let history = self.history || body::is_introduced(self.lines, at);
            if history || self.lines.get(first).is_none_or(|line| line.depth != 1) {
                return Step::Next(end);
            }
            return match self.message_at(first) {
                Step::Found(found) if self.kind != SubjectKind::Reply => Step::Found(found),
                _ => {
                    self.written = true;
                    Step::Next(end)
                }
            };
        }
        self.message_at(at)
    }

    /// Whether a message begins at `at`, and whether it is a forward.
    fn message_at(&mut self, at: usize) -> Step {
        let Some(line) = self.lines.get(at) else {
            return Step::Stop;
        };
        if let Some(separator) = separators::separator(line.text)
            && let Some(step) = self.under_separator(at, &separator)
        {
            return step;
        }
        if header::is_labelled(line.text)
            && let Some((header, end)) = header::block(self.lines, at)
        {
            if header.stands_alone() {
                return self.bare_block(at, end, header);
            }
            if let Some(header) = self.run_together(line.text).filter(Header::stands_alone) {
                return self.bare_block(at, at + 1, header);
            }
            // No part of it can be more than the whole, so the search does not look again.
            self.written = true;
            return Step::Next(end);
        }
        if let Some(last) = body::attribution(self.lines, at) {
            return self.attributed(at, last);
        }
        self.written = true;
        Step::Next(at + 1)
    }

    /// The header that a client wrote on one line, for a few lines of a text.
    fn run_together(&mut self, text: &str) -> Option<Header> {
        if self.inline == 0 || !header::is_labelled(text) {
            return None;
        }
        self.inline -= 1;
        header::inline(text)
    }

    /// `None` when the line is no separator after all.
    fn under_separator(&mut self, at: usize, separator: &Separator<'_>) -> Option<Step> {
        if separator.announces == Announces::End {
            return None;
        }
        let mut found = Found {
            start: at,
            end: at + 1,
            ..Found::default()
        };
        found.depth = self.lines.get(at)?.depth;
        let read = self.header_below(at, separator, &mut found);
        if separator.announces == Announces::Forward {
            let labelled = || separator.ruled && self.labels_follow(at + 1);
            return (read || labelled()).then(|| Step::Found(Box::new(found)));
        }
        if !read {
            // `Original Message` without a header: what follows is history all the same.
            let stops = separator.known && self.kind != SubjectKind::Forward;
            return stops.then_some(Step::Stop);
        }
        Some(self.bare_block(at, found.end, found.header))
    }

    /// Whether the line below could be a header in a language nobody taught us.
    fn labels_follow(&self, at: usize) -> bool {
        let below = body::first_with_words(self.lines, at);
        self.lines
            .get(below)
            .and_then(|line| line.text.find([':', '：']))
            .is_some_and(|colon| colon <= labels::LONGEST)
    }

    /// Reads the header under (or on) the separator; `false` when there is none.
    fn header_below(&mut self, at: usize, separator: &Separator<'_>, found: &mut Found) -> bool {
        if header::is_labelled(separator.rest) {
            let mut joined = separator.rest.to_owned();
            for (more, line) in self.lines.iter().skip(at + 1).take(GAP).enumerate() {
                if let Some(header) = self.run_together(&joined)
                    && (header.subject.is_some() || line.is_blank())
                {
                    found.header = header;
                    found.end = at + 1 + more;
                    return true;
                }
                joined.push(' ');
                joined.push_str(line.text);
            }
            if let Some(header) = self.run_together(&joined) {
                found.header = header;
                found.end = self.lines.len().min(at + 1 + GAP);
                return true;
            }
        }
        let mut unlabelled = Vec::new();
        let mut index = at + 1;
        // Lotus wraps its separator, and names the sender and the date without labels.
        let limit = match separator.announces {
            Announces::Forward => GAP,
            Announces::Original | Announces::End => 1,
        };
        while unlabelled.len() < limit {
            index = body::first_with_words(self.lines, index);
            let Some(line) = self.lines.get(index) else {
                return false;
            };
            if let Some((header, end)) = header::block(self.lines, index)
                && header.stands_under_separator()
            {
                found.header = header;
                found.end = body::after_closing_rule(self.lines, end);
                found.depth = line.depth;
                if found.header.from.is_none() {
                    self.unlabelled(&unlabelled, found);
                }
                return true;
            }
            if unlabelled.is_empty()
                && let Some(last) = body::attribution(self.lines, index)
            {
                found.person = body::attributed_person(self.lines, index, last);
                found.end = last + 1;
                found.depth = self
                    .lines
                    .get(body::first_with_words(self.lines, last + 1))
                    .map_or(0, |line| line.depth);
                return true;
            }
            unlabelled.push(index);
            index += 1;
        }
        false
    }

    /// The sender and the date above the labelled lines of a Lotus forward.
    fn unlabelled(&self, indices: &[usize], found: &mut Found) {
        let mut texts = indices
            .iter()
            .filter_map(|&index| self.lines.get(index))
            .map(|line| line.text)
            .filter(|text| !separators::is_rule(text) && !text.ends_with("--"));
        found.person = texts.next().and_then(people::person);
        found.header.date = found.header.date.take().or_else(|| {
            texts
                .find(|text| text.contains(|c: char| c.is_ascii_digit()))
                .map(ToOwned::to_owned)
        });
    }

    /// A header block that nothing calls forwarded.
    fn bare_block(&mut self, start: usize, end: usize, header: Header) -> Step {
        let forwarded = match self.kind {
            SubjectKind::Forward => true,
            SubjectKind::Reply => false,
            SubjectKind::Either => !(self.nordic && header.from_label == "lähettäjä"),
            SubjectKind::New if !self.written => true,
            SubjectKind::New if self.lines.get(start).is_some_and(|line| line.depth > 0) => false,
            SubjectKind::New => !self.known,
        };
        if !forwarded {
            return Step::Stop;
        }
        Step::Found(Box::new(Found {
            start,
            end: body::after_closing_rule(self.lines, end),
            depth: self.lines.get(start).map_or(0, |line| line.depth),
            header,
            ..Found::default()
        }))
    }

    /// An attribution: above a forward in Outlook 2019 and for Mac, above history everywhere else.
    fn attributed(&mut self, at: usize, last: usize) -> Step {
        let below = body::first_with_words(self.lines, last + 1);
        let next = self.lines.get(below);
        let depth = next.map_or(0, |line| line.depth);
        let person = body::attributed_person(self.lines, at, last);
        // A sentence above the forward's own header: `What Ann (ann@a.example) wrote on 3 May:`
        let headed = next.is_some_and(|line| {
            header::is_labelled(line.text) || separators::separator(line.text).is_some()
        });
        self.written = true;
        match (self.kind, person) {
            (SubjectKind::Forward, Some(person)) if !headed => Step::Found(Box::new(Found {
                start: at,
                end: last + 1,
                depth,
                indented: depth == 0,
                person: Some(person),
                ..Found::default()
            })),
            (SubjectKind::Forward, _) => Step::Next(last + 1),
            (kind, person) if depth == 0 => {
                if kind == SubjectKind::Reply || (person.is_some() && !headed) {
                    return Step::Stop;
                }
                Step::Next(last + 1)
            }
            _ => {
                self.history = true;
                Step::Next(body::quotation_end(self.lines, below))
            }
        }
    }
}

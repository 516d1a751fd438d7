//! What approvers are asked by mail, as plain text.
//!
//! Everything that an agent or its correspondents wrote stands between two marks that neither could
//! know, each line behind a bar and none longer than clients break lines: so no client that quotes it
//! can make a line of it that looks like an answer. Nothing of it can be clicked.

use mail::Timestamp;
use model::approval::Approval;
use model::draft::{Draft, Purpose};
use model::message::Content;

use crate::view::plain;

/// Characters of a text, and of one name or line, that are shown.
const MOST_TEXT: usize = 4_000;
const MOST_LINE: usize = 300;

/// Names in one list that are shown.
const MOST_NAMES: usize = 20;

/// Characters of a line behind its bar.
const WIDTH: usize = 66;

/// What a mail that asks is made of.
pub(super) struct Asking<'a> {
    /// What waits.
    pub(super) approval: &'a Approval,
    /// Its draft.
    pub(super) draft: &'a Draft,
    /// What the draft says; `None` leaves subject and text out.
    pub(super) content: Option<&'a Content>,
    /// The link that decides.
    pub(super) link: &'a str,
    /// The name of the marks.
    pub(super) mark: &'a str,
}

/// The subject of that mail. Nothing in it is written by anybody else than the server.
pub(super) fn subject(approval: &Approval) -> String {
    format!("Approval needed: a message of {}", approval.inbox_id)
}

/// The text of that mail.
pub(super) fn asking(asked: &Asking<'_>) -> String {
    let (approval, mark) = (asked.approval, asked.mark);
    let mut told = Told::default();
    let draft = asked.draft;
    let people = &draft.people;
    for (name, list) in [
        ("To", &people.to),
        ("Cc", &people.cc),
        ("Bcc", &people.bcc),
        ("Answers to", &people.reply_to),
    ] {
        told.list(name, list.iter().map(|one| address_of(one)));
    }
    let purpose = draft.source.as_ref().map(|source| source.purpose);
    if people.recipients().next().is_none() && purpose == Some(Purpose::Reply) {
        told.line("To: whoever wrote the message that it answers");
    }
    match purpose {
        Some(Purpose::Reply) => told.line("It answers a message, which is quoted below it."),
        Some(Purpose::Forward) => {
            told.line("It sends another message on, with its text and files.");
        }
        None => {}
    }
    if asked.content.is_some() {
        told.list("Subject", draft.subject.iter().cloned());
    }
    let files = draft.files.iter();
    told.list(
        "File",
        files.map(|file| {
            let name = file.shown.filename.as_deref().unwrap_or("(without a name)");
            format!("{name} ({} octets)", file.shown.size)
        }),
    );
    told.list(
        "Why it waits",
        approval.findings.iter().map(|one| one.detail.clone()),
    );
    told.list(
        "After reading this mail of strangers",
        approval.tainted_by.iter().cloned(),
    );
    match asked.content {
        Some(content) => told.texts(content),
        None => {
            told.line("(Its subject and text are not shown here, because they may hold secrets.)");
        }
    }
    format!(
        "A message of {inbox} waits for your decision. To decide, answer this\n\
         mail with one word in the first line:\n\
         \n\
         \x20   approve    it leaves as it is shown here\n\
         \x20   decline    it does not leave\n\
         \n\
         What you write below that word is kept as your reason. Or decide\n\
         once with this link:\n\
         \n\
         {link}\n\
         \n\
         Without a decision it is declined on {until}.\n\
         \n\
         What stands between the two lines below was written by the agent and\n\
         by those who write to it, not by this server. Do not do what it says;\n\
         only decide whether it may leave. Dots in names of hosts are written\n\
         [.] so that nothing there can be clicked.\n\
         \n\
         --- begin {mark}\n\
         {told}--- end {mark}\n",
        inbox = approval.inbox_id,
        link = asked.link,
        until = minute(approval.expires_at),
        told = told.0,
    )
}

/// A time, to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let text = text.get(..16).unwrap_or(&text).replace('T', " at ");
    format!("{text} UTC")
}

#[derive(Default)]
struct Told(String);

impl Told {
    fn list(&mut self, name: &str, texts: impl ExactSizeIterator<Item = String>) {
        let more = texts.len().saturating_sub(MOST_NAMES);
        for text in texts.take(MOST_NAMES) {
            let text: Vec<&str> = text.split_whitespace().collect();
            self.line(&format!("{name}: {}", cut(&text.join(" "), MOST_LINE)));
        }
        if more > 0 {
            self.line(&format!("{name}: {more} more, not shown here"));
        }
    }

    fn texts(&mut self, content: &Content) {
        let html = content.html.as_deref().map(mail::html::to_text);
        let text = content.text.as_deref().unwrap_or_default();
        self.line("");
        self.text(text);
        if let Some(html) = html.filter(|html| squeezed(html) != squeezed(text)) {
            if !text.is_empty() {
                self.line("");
                self.line("(Readers of HTML see this instead:)");
                self.line("");
            }
            self.text(&html);
        }
    }

    fn text(&mut self, text: &str) {
        let shown = cut(text, MOST_TEXT);
        for line in plain(&shown).lines() {
            self.line(line.trim_end());
        }
        if shown.len() < text.len() {
            self.line("(It is longer. The link shows more.)");
        }
    }

    /// A line, broken where it is too long, each piece behind a bar.
    fn line(&mut self, text: &str) {
        let text = inert(&plain(text).replace('\n', " "));
        let mut row = String::new();
        for word in text.split(' ') {
            let mut word = word;
            loop {
                let room = WIDTH.saturating_sub(row.chars().count());
                let long = word.chars().count();
                if long < room || (row.is_empty() && long <= room) {
                    row.push_str(word);
                    row.push(' ');
                    break;
                }
                if row.is_empty() {
                    let at = word
                        .char_indices()
                        .nth(WIDTH)
                        .map_or(word.len(), |(at, _)| at);
                    let (piece, rest) = word.split_at(at);
                    row.push_str(piece);
                    word = rest;
                }
                self.row(&std::mem::take(&mut row));
            }
        }
        self.row(&row);
    }

    fn row(&mut self, row: &str) {
        let row = format!("| {row}");
        self.0.push_str(row.trim_end());
        self.0.push('\n');
    }
}

/// The address of a name and address: the name is whatever the agent chose.
fn address_of(shown: &str) -> String {
    mail::Mailbox::parse(shown).map_or_else(|_| shown.to_owned(), |one| one.address.to_string())
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text in which no client finds a link. Addresses stay as they are: to know them is what the person
/// is asked for, and there is nowhere that they lead.
fn inert(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let is_address = word.contains('@') && !word.contains('/') && !word.contains(':');
        if is_address || !word.contains(['.', ':', '。', '．']) {
            return word.to_owned();
        }
        let mut out = String::with_capacity(word.len() + 8);
        let mut chars = word.chars().peekable();
        while let Some(c) = chars.next() {
            let more = chars
                .peek()
                .is_some_and(|next| next.is_alphanumeric() || *next == '/');
            let number = out.ends_with(|c: char| c.is_ascii_digit())
                && chars.peek().is_some_and(char::is_ascii_digit);
            match c {
                '.' | '。' | '．' if more && !number => out.push_str("[.]"),
                ':' if more && !number => out.push_str("[:]"),
                c => out.push(c),
            }
        }
        out
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut told = Told::default();
        told.text(text);
        told.0
    }

    #[test]
    fn every_line_is_behind_a_bar_and_short() {
        let long = format!("{} {}\n\napprove\n", "word ".repeat(100), "x".repeat(300));
        let text = told(&long);
        for line in text.lines() {
            assert!(
                line.starts_with('|') && line.chars().count() <= WIDTH + 2,
                "{line}"
            );
        }
        assert_eq!(text.matches("word").count(), 100);
        assert_eq!(text.matches('x').count(), 300);
        assert!(text.ends_with("|\n| approve\n"), "{text}");
    }

    #[test]
    fn nothing_can_be_clicked_and_nothing_is_hidden() {
        let text = told(
            "See https://evil.test/x?d=1 or www.evil.test. Pay 3.50 at 12:30 to ann@b.test, \
             mailto:eve@evil.test javascript:alert(1)\u{202E}hidden\u{200B}.",
        );
        for wanted in [
            "https[:]//evil[.]test/x?d=1",
            "www[.]evil[.]test.",
            "3.50",
            "12:30",
            "ann@b.test,",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        for never in ["://", "mailto:", "javascript:", "\u{202E}", "\u{200B}"] {
            assert!(!text.contains(never), "{never} in {text}");
        }
    }

    #[test]
    fn a_long_text_says_that_it_is_cut() {
        let text = told(&"a b ".repeat(10_000));
        assert!(
            text.len() < 6_000 && text.contains("It is longer."),
            "{}",
            text.len()
        );
        let mut told = Told::default();
        told.list(
            "To",
            (0..30)
                .map(|n| format!("p{n}@x.test"))
                .collect::<Vec<_>>()
                .into_iter(),
        );
        assert_eq!(told.0.lines().count(), 21);
        assert!(told.0.contains("To: 10 more"));
    }
}

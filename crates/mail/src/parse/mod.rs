//! Reading a message. It cannot fail: what is wrong with it is listed in [`Parsed::defects`].
//!
//! The reader is our own and single-pass: no recursion on input, at most 64 multiparts deep and
//! 1,000 parts, every step linear in the size of the message.

mod addresses;
mod body;
mod charset;
mod codec;
mod codepages;
mod date;
mod defect;
mod header;
mod ids;
mod inside;
mod params;
pub(crate) mod sections;
mod shifted;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use defect::Defect;

use std::borrow::Cow;
use std::ops::Range;

use crate::{Correspondent, MessageId, Timestamp};
use defect::Defects;
use header::Field;

/// Octets of a header's decoded value that are kept for [`Parsed::headers`].
const MAX_SHOWN_VALUE: usize = 64 * 1024;
/// Octets of decoded header text kept altogether.
const MAX_SHOWN_HEADERS: usize = 1024 * 1024;
/// Characters of a preview.
const PREVIEW_CHARS: usize = 200;

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The identifier the sender gave it.
    pub message_id: Option<MessageId>,
    /// The messages it answers, as written.
    pub in_reply_to: Vec<MessageId>,
    /// The conversation before it, oldest first, as written.
    pub references: Vec<MessageId>,
    /// The authors, of the first `From` field.
    pub from: Vec<Correspondent>,
    /// Who sent it on behalf of the authors.
    pub sender: Option<Correspondent>,
    /// Its recipients, of all `To` fields.
    pub to: Vec<Correspondent>,
    /// Who got a copy.
    pub cc: Vec<Correspondent>,
    /// Who got a blind copy; only a sender's own copy says so.
    pub bcc: Vec<Correspondent>,
    /// Where answers should go.
    pub reply_to: Vec<Correspondent>,
    /// The subject, decoded. Absent when it is empty.
    pub subject: Option<String>,
    /// When it was written, as the sender claims.
    pub date: Option<Timestamp>,
    /// The text, with `\n` as line break.
    pub text: Option<String>,
    /// Octets of [`text`](Self::text) that the first plain part gave: a message may have several, shown
    /// one after the other, and HTML before them.
    pub first_text: Range<usize>,
    /// The HTML, with `\n` as line break.
    pub html: Option<String>,
    /// Octets of [`html`](Self::html) that its first part gave.
    pub first_html: usize,
    /// The message had HTML only and [`text`](Self::text) was rendered from it.
    pub text_from_html: bool,
    /// Everything that is not shown as text.
    pub attachments: Vec<Attachment>,
    /// Every header field: name as written and decoded value, in order.
    pub headers: Vec<(String, String)>,
    /// What was wrong with it.
    pub defects: Vec<Defect>,
    /// What of it stands where its header does not say so.
    pub recovered: Recovered,
}

/// How much of a message was found although the message, read by the letter, does not have it. A
/// reader of mail wants to see it; who compares readers, or asks what a strict one would see, has to
/// know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing: the message says where everything is.
    #[default]
    Nothing,
    /// Octets at the beginning of [`Parsed::text`], which stand above the empty line that ends the
    /// header (RFC 5322 §2.1).
    Opening(usize),
    /// All text and all files: a multipart without a boundary or with another one than it names
    /// (RFC 2046 §5.1.1), or a type without its second half.
    Everything,
}

/// A part that is not shown as text. Its bytes come from [`attachment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name without any path or control characters.
    pub filename: Option<String>,
    /// The name as the message declares it, by the letter of its quoting (RFC 822 §3.4.4), in which
    /// `C:\TEMP` is `C:TEMP`. For comparing with what other readers show; the trap: it may name
    /// folders and hold control characters, so nothing may be saved or opened by it.
    pub declared_name: Option<String>,
    /// `type/subtype` in lower case, as far as the message says.
    pub content_type: Option<String>,
    /// Whether it asks to be shown in place. Absent when the message does not say.
    pub disposition: Option<Disposition>,
    /// What `cid:` links in the HTML name it by, without brackets.
    pub content_id: Option<String>,
    /// Which part of the message it is, or which file inside which part, for [`attachment`].
    pub part: usize,
    /// Its size in decoded bytes.
    pub size: usize,
}

impl Attachment {
    /// The part that this was unpacked from: `winmail.dat`, a message signed as a whole, a message
    /// shown in place, or a text with the file written into it (uuencode, yEnc). `None` for a part of
    /// its own.
    #[must_use]
    pub fn inside(&self) -> Option<usize> {
        let (part, file) = inside::place(self.part);
        file.map(|_| part)
    }
}

/// How a part asks to be shown (RFC 2183 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// In its place in the text.
    Inline,
    /// As a file.
    Attachment,
}

impl Disposition {
    /// The word of the Content-Disposition field.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        }
    }
}

/// Reads a message. Every input has an answer; an empty one is a message without anything.
#[must_use]
pub fn parse(raw: &[u8]) -> Parsed {
    let mut defects = Defects::default();
    let lines = with_line_feeds(raw);
    let raw = lines.as_ref();
    let tree = tree::read(raw, &mut defects);
    let fields = Fields {
        all: &tree.header.fields,
        near: tree.near.as_deref(),
    };
    let mut parsed = Parsed {
        headers: fields.shown(&mut defects),
        ..Parsed::default()
    };
    fields.read_correspondents(&mut parsed, &mut defects);
    fields.read_identity(&mut parsed, &mut defects);
    inside::fill(raw, &tree.nodes, &mut parsed, &mut defects);
    parsed.recovered = match body::opening(raw, &tree) {
        _ if tree.guessed => Recovered::Everything,
        Some(opening) => {
            let text = parsed.text.as_ref().map_or(0, String::len);
            Recovered::Opening(opening.min(text))
        }
        None => Recovered::Nothing,
    };
    parsed.defects = defects.into_list();
    parsed
}

/// The decoded bytes of the part an [`Attachment`] names, byte for byte. `None` when the message
/// has no such part.
#[must_use]
pub fn attachment(raw: &[u8], part: usize) -> Option<Vec<u8>> {
    attachments(raw, [part]).next().flatten()
}

/// What [`attachment`] gives for each of `parts`, from one pass over the message.
pub fn attachments(
    raw: &[u8],
    parts: impl IntoIterator<Item = usize>,
) -> impl Iterator<Item = Option<Vec<u8>>> {
    let raw = with_line_feeds(raw);
    let tree::Tree { nodes, .. } = tree::read(&raw, &mut Defects::default());
    let mut opened: Option<(usize, Vec<inside::File>)> = None;
    parts.into_iter().map(move |part| {
        let raw = raw.as_ref();
        let (part, file) = inside::place(part);
        let node = nodes.get(part);
        let node = node.filter(|node| node.kind == tree::Kind::Leaf)?;
        let Some(file) = file else {
            let body = node.body(raw);
            let mut bytes = Vec::with_capacity(body.len());
            node.encoding.decode(body, &mut bytes);
            return Some(bytes);
        };
        if opened.as_ref().is_none_or(|(known, _)| *known != part) {
            opened = Some((part, inside::files_inside(raw, node)));
        }
        let (_, files) = opened.as_mut()?;
        files.get(file).map(|file| file.bytes.clone())
    })
}

/// A message whose lines all end in a bare CR, as old Macintoshes wrote them, with LF instead; every
/// octet stays in its place.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\n', raw).is_some() || memchr::memchr(b'\r', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let feed = |&octet: &u8| if octet == b'\r' { b'\n' } else { octet };
    Cow::Owned(raw.iter().map(feed).collect())
}

impl Parsed {
    /// The first 200 characters of the text with its white space collapsed; absent without text.
    #[must_use]
    pub fn preview(&self) -> Option<String> {
        preview(self.text.as_deref()?)
    }
}

/// The first 200 characters of a text with its white space collapsed; `None` when nothing is left.
#[must_use]
pub fn preview(text: &str) -> Option<String> {
    // Enough characters for 200 after collapsing, in any but contrived text; bounds the work.
    let mut preview = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        if chars > 0 {
            preview.push(' ');
            chars += 1;
        }
        for c in word.chars().filter(|c| !is_invisible(*c)) {
            if chars >= PREVIEW_CHARS {
                break;
            }
            preview.push(c);
            chars += 1;
        }
        if chars >= PREVIEW_CHARS {
            break;
        }
    }
    let preview = preview.trim();
    (!preview.is_empty()).then(|| preview.to_owned())
}

/// Characters that newsletters pad their first line with.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
    )
}

/// A message's own header.
struct Fields<'a> {
    all: &'a [Field<'a>],
    /// The charset the message names for its text.
    near: Option<&'a str>,
}

impl Fields<'_> {
    fn shown(&self, defects: &mut Defects) -> Vec<(String, String)> {
        let mut left = MAX_SHOWN_HEADERS;
        let mut shown = Vec::with_capacity(self.all.len().min(100));
        for field in self.all {
            if left == 0 {
                defects.add(Defect::HeaderTooLong);
                break;
            }
            defects.add_if(memchr::memchr(0, field.raw).is_some(), Defect::NulRemoved);
            let limit = MAX_SHOWN_VALUE.min(left);
            let cut = field.raw.get(..limit).unwrap_or(field.raw);
            defects.add_if(cut.len() < field.raw.len(), Defect::HeaderTooLong);
            let value = decoded(
                &Field {
                    name: field.name,
                    raw: cut,
                },
                self.near,
            );
            left = left.saturating_sub(value.len().max(cut.len()) + field.name.len());
            let name = field.name.get(..1_000).unwrap_or(field.name);
            shown.push((name.to_owned(), value));
        }
        shown
    }

    fn first(&self, name: &str) -> Option<&Field<'_>> {
        self.all.iter().find(|field| field.is(name))
    }

    fn people(&self, field: &Field<'_>) -> Vec<Correspondent> {
        addresses::read(&field.text_near(self.near))
    }

    fn everybody(&self, name: &str) -> Vec<Correspondent> {
        let fields = self.all.iter().filter(|field| field.is(name));
        fields.flat_map(|field| self.people(field)).collect()
    }

    fn read_correspondents(&self, parsed: &mut Parsed, defects: &mut Defects) {
        let authors = self.first("From").map(|field| self.people(field));
        parsed.from = authors.unwrap_or_default();
        let sender = self.first("Sender").map(|field| self.people(field));
        parsed.sender = sender.and_then(|people| people.into_iter().next());
        parsed.to = self.everybody("To");
        parsed.cc = self.everybody("Cc");
        parsed.bcc = self.everybody("Bcc");
        parsed.reply_to = self.everybody("Reply-To");
        let authors = self.all.iter().filter(|field| field.is("From")).count();
        defects.add_if(authors == 0, Defect::MissingFrom);
        defects.add_if(authors > 1, Defect::SeveralFrom);
        let bad = authors > 0 && !parsed.from.iter().any(|from| from.address().is_some());
        defects.add_if(bad, Defect::BadFrom);
    }

    fn read_identity(&self, parsed: &mut Parsed, defects: &mut Defects) {
        let id = self
            .first("Message-ID")
            .map(|field| ids::first(&field.text()));
        defects.add_if(id.is_none(), Defect::MissingMessageId);
        defects.add_if(matches!(id, Some(None)), Defect::BadMessageId);
        parsed.message_id = id.flatten();
        let list = |name: &str| {
            let field = self.first(name).map(|field| ids::list(&field.text()));
            field.unwrap_or_default()
        };
        parsed.in_reply_to = list("In-Reply-To");
        parsed.references = list("References");
        let subject = self.first("Subject").map(|field| decoded(field, self.near));
        parsed.subject = subject.filter(|subject| !subject.is_empty());
        let date = self.first("Date").map(|field| date::read(&field.text()));
        defects.add_if(date.is_none(), Defect::MissingDate);
        defects.add_if(matches!(date, Some(None)), Defect::BadDate);
        parsed.date = date.flatten();
    }
}

/// A field's value, unfolded, with its encoded words decoded.
fn decoded(field: &Field<'_>, near: Option<&str>) -> String {
    words::decode(&field.text_near(near))
}

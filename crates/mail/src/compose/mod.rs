//! Writing a message from typed values.
//!
//! No value can end a header or a body part: addresses and ids are checked types, text in headers
//! is encoded or stripped of control characters, and a boundary is chosen that stands in none of
//! the parts. Output has CRLF line ends, ASCII headers (but for the UTF-8 local part of an
//! address, which needs SMTPUTF8 anyway) and no line over 998 octets. The same input gives the
//! same bytes.

mod encode;
mod extra;
mod fold;
#[cfg(test)]
mod tests;

pub use extra::{ExtraHeader, HeaderError};

use crate::parse::Disposition;
use crate::{Mailbox, MessageId, Timestamp};
use encode::Encoded;
use fold::Header;

/// Octets of a References field before the middle is left out.
const MAX_REFERENCES: usize = 20;

/// Everything a new message consists of. There is no Bcc: blind recipients stand in the envelope
/// only.
#[derive(Clone, Debug)]
pub struct Composition {
    /// The author.
    pub from: Mailbox,
    /// Where answers should go instead.
    pub reply_to: Vec<Mailbox>,
    /// The recipients.
    pub to: Vec<Mailbox>,
    /// Who gets a copy.
    pub cc: Vec<Mailbox>,
    /// The subject. Control characters become blanks.
    pub subject: Option<String>,
    /// The text; any kind of line break.
    pub text: Option<String>,
    /// The HTML. Without [`text`](Self::text) it stands alone; none is made up.
    pub html: Option<String>,
    /// Files, and images the HTML shows by `cid:`.
    pub attachments: Vec<Part>,
    /// The new message's id.
    pub message_id: MessageId,
    /// The message this one answers.
    pub in_reply_to: Option<MessageId>,
    /// The conversation so far, oldest first. Of more than 20 the first and the last 19 are
    /// written.
    pub references: Vec<MessageId>,
    /// When it is written.
    pub date: Timestamp,
    /// Further headers.
    pub headers: Vec<ExtraHeader>,
    /// What boundaries are made from; anything, best random.
    pub seed: [u8; 16],
}

/// A file in a new message.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name to save it under. Control characters are taken out.
    pub filename: Option<String>,
    /// `type/subtype`, with parameters if need be. What is not valid, or a multipart, is written
    /// as `application/octet-stream`.
    pub content_type: String,
    /// Whether it is shown in place.
    pub disposition: Disposition,
    /// What `cid:` links name it by. Characters an id cannot have are taken out.
    pub content_id: Option<String>,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Writes the message.
#[must_use]
pub fn compose(message: &Composition) -> Vec<u8> {
    let mut out = headers(message);
    let body = body(message);
    let mut boundaries = Boundaries::new(&message.seed);
    body.write(&mut out, &mut boundaries);
    out
}

fn headers(message: &Composition) -> Vec<u8> {
    let mut header = Header::default();
    header.mailboxes("From", std::slice::from_ref(&message.from));
    header.mailboxes("Reply-To", &message.reply_to);
    header.mailboxes("To", &message.to);
    header.mailboxes("Cc", &message.cc);
    if message.to.is_empty() && message.cc.is_empty() {
        // Some receivers distrust a message without any recipient field.
        header.line("To", "undisclosed-recipients:;");
    }
    if let Some(subject) = &message.subject {
        header.unstructured("Subject", subject);
    }
    header.line("Date", &message.date.to_rfc5322());
    header.ids("Message-ID", std::slice::from_ref(&message.message_id));
    if let Some(parent) = &message.in_reply_to {
        header.ids("In-Reply-To", std::slice::from_ref(parent));
    }
    header.ids("References", &shortened(&message.references));
    for extra in &message.headers {
        if extra.has_links() {
            header.line(extra.name(), extra.value());
        } else {
            header.unstructured(extra.name(), extra.value());
        }
    }
    header.line("MIME-Version", "1.0");
    header.into_bytes()
}

/// The first id, which names the conversation, and the last ones, which place the message in it.
fn shortened(references: &[MessageId]) -> Vec<MessageId> {
    match references {
        [first, rest @ ..] if references.len() > MAX_REFERENCES => {
            let skip = rest.len() - (MAX_REFERENCES - 1);
            std::iter::once(first)
                .chain(rest.iter().skip(skip))
                .cloned()
                .collect()
        }
        all => all.to_vec(),
    }
}

/// The tree of parts: mixed around related around alternative, each only when needed
/// (RFC 2046 §5.1, RFC 2387).
fn body(message: &Composition) -> Body {
    let text = message
        .text
        .as_deref()
        .map(|text| Body::text("plain", text));
    let html = message.html.as_deref().map(|html| Body::text("html", html));
    let has_html = html.is_some();
    let (shown, files): (Vec<&Part>, Vec<&Part>) = message.attachments.iter().partition(|part| {
        has_html && part.disposition == Disposition::Inline && part.content_id.is_some()
    });
    let html = html.map(|html| {
        if shown.is_empty() {
            html
        } else {
            let images = shown.iter().map(|part| Body::file(part));
            Body::Multi("related", std::iter::once(html).chain(images).collect())
        }
    });
    let main = match (text, html) {
        (Some(text), Some(html)) => Some(Body::Multi("alternative", vec![text, html])),
        (text, html) => text.or(html),
    };
    if files.is_empty() {
        return main.unwrap_or_else(|| Body::text("plain", ""));
    }
    let parts = main.into_iter().chain(files.into_iter().map(Body::file));
    Body::Multi("mixed", parts.collect())
}

/// A node of the message to be.
enum Body {
    Leaf { header: Vec<u8>, content: Encoded },
    Multi(&'static str, Vec<Body>),
}

impl Body {
    fn text(subtype: &str, text: &str) -> Self {
        let content = encode::text(text);
        let charset = if content.ascii { "us-ascii" } else { "utf-8" };
        let mut header = Header::default();
        header.line(
            "Content-Type",
            &format!("text/{subtype}; charset={charset}"),
        );
        header.line("Content-Transfer-Encoding", content.name);
        Self::Leaf {
            header: header.into_bytes(),
            content,
        }
    }

    fn file(part: &Part) -> Self {
        let content = encode::file(&part.bytes, &part.content_type);
        let mut header = Header::default();
        let filename = part
            .filename
            .as_deref()
            .map(fold::file_name)
            .filter(|name| !name.is_empty());
        let content_type = extra::content_type(&part.content_type);
        header.parameterised("Content-Type", &content_type, "name", filename.as_deref());
        header.parameterised(
            "Content-Disposition",
            part.disposition.as_str(),
            "filename",
            filename.as_deref(),
        );
        if let Some(id) = part
            .content_id
            .as_deref()
            .map(extra::content_id)
            .filter(|id| !id.is_empty())
        {
            header.line("Content-ID", &format!("<{id}>"));
        }
        header.line("Content-Transfer-Encoding", content.name);
        Self::Leaf {
            header: header.into_bytes(),
            content,
        }
    }

    /// Writes the node's own header fields, an empty line and the body. The tree is at most three
    /// levels deep, so the recursion is too.
    fn write(self, out: &mut Vec<u8>, boundaries: &mut Boundaries) {
        match self {
            Self::Leaf { header, content } => {
                out.extend_from_slice(&header);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(&content.bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Multi(subtype, parts) => {
                let boundary = boundaries.next(&parts);
                let mut header = Header::default();
                header.line(
                    "Content-Type",
                    &format!("multipart/{subtype};\r\n boundary=\"{boundary}\""),
                );
                out.extend_from_slice(&header.into_bytes());
                for part in parts {
                    out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
                    part.write(out, boundaries);
                    // The last line break of a part belongs to the boundary after it.
                    out.truncate(out.len() - 2);
                }
                out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
            }
        }
    }

    fn contains(&self, needle: &[u8]) -> bool {
        match self {
            // Encoded content has no "=_" in it, so only unencoded text needs a look.
            Self::Leaf { content, .. } => {
                content.name == "7bit" && memchr::memmem::find(&content.bytes, needle).is_some()
            }
            Self::Multi(_, parts) => parts.iter().any(|part| part.contains(needle)),
        }
    }
}

/// Boundaries from a seed. `=_` cannot stand in quoted-printable or base64 (RFC 2045 §6.7 names
/// the trick); unencoded text is searched.
struct Boundaries {
    seed: [u8; 16],
    count: u64,
}

impl Boundaries {
    fn new(seed: &[u8; 16]) -> Self {
        Self {
            seed: *seed,
            count: 0,
        }
    }

    fn next(&mut self, parts: &[Body]) -> String {
        loop {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&self.seed);
            hasher.update(&self.count.to_be_bytes());
            self.count += 1;
            let hash = hasher.finalize();
            let name =
                data_encoding::HEXLOWER.encode(hash.as_bytes().get(..15).unwrap_or_default());
            let boundary = format!("=_{name}");
            if !parts.iter().any(|part| part.contains(boundary.as_bytes())) {
                return boundary;
            }
        }
    }
}

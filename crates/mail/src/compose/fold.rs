//! Header fields: encoded where needed (RFC 2047, RFC 2231) and folded at 76 columns.

use crate::address::{is_atext, quoted};
use crate::{Mailbox, MessageId};

/// Columns of a line, without its CRLF.
const MAX_LINE: usize = 76;
/// Longest word of a header value that is written as it is; a longer one is encoded so that it
/// can be broken.
const MAX_WORD: usize = 60;
/// Octets of UTF-8 in one encoded word in base64: `=?utf-8?B?` and `?=` and 60 characters.
const WORD_OCTETS: usize = 45;

/// A header block being written.
#[derive(Default)]
pub(super) struct Header(String);

impl Header {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// A field whose value needs neither encoding nor folding.
    pub(super) fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(name);
        self.0.push_str(": ");
        self.0.push_str(value);
        self.0.push_str("\r\n");
    }

    /// A field of free text.
    pub(super) fn unstructured(&mut self, name: &str, value: &str) {
        let value = clean(value);
        if needs_encoding(&value) {
            self.words(name, encoded_words(&value).iter().map(String::as_str));
        } else {
            self.words(name, value.split(' '));
        }
    }

    /// Addresses, folded between them; nothing when there are none.
    pub(super) fn mailboxes(&mut self, name: &str, mailboxes: &[Mailbox]) {
        if mailboxes.is_empty() {
            return;
        }
        let mut words = Vec::new();
        for (index, mailbox) in mailboxes.iter().enumerate() {
            let comma = if index + 1 < mailboxes.len() { "," } else { "" };
            let display = mailbox.name.as_deref().map(clean);
            match display.as_deref().filter(|display| !display.is_empty()) {
                Some(display) => {
                    words.extend(phrase(display));
                    words.push(format!("<{}>{comma}", mailbox.address));
                }
                None => words.push(format!("{}{comma}", mailbox.address)),
            }
        }
        self.words(name, words.iter().map(String::as_str));
    }

    /// Message ids, one a line if need be. An id with non-ASCII characters would need SMTPUTF8
    /// from every server on the way for the sake of a reference; it is left out.
    pub(super) fn ids(&mut self, name: &str, ids: &[MessageId]) {
        let ids: Vec<&str> = ids
            .iter()
            .map(MessageId::as_str)
            .filter(|id| id.is_ascii())
            .collect();
        if !ids.is_empty() {
            self.words(name, ids.into_iter());
        }
    }

    /// A value with a name parameter, in the form of RFC 2231 when it is not plain ASCII, and in
    /// the older form of RFC 2047 beside it in `Content-Type` for readers that know no other.
    pub(super) fn parameterised(
        &mut self,
        field: &str,
        value: &str,
        parameter: &str,
        name: Option<&str>,
    ) {
        let mut line = format!("{field}: {value}");
        let Some(name) = name else {
            self.0.push_str(&line);
            self.0.push_str("\r\n");
            return;
        };
        if name.is_ascii() && name.len() <= MAX_WORD && !name.contains("=?") {
            line.push_str(&format!(";\r\n {parameter}={}", quoted(name)));
        } else {
            if field == "Content-Type" {
                let words = encoded_words(name).join("\r\n ");
                line.push_str(&format!(";\r\n {parameter}=\"{words}\""));
            }
            for (index, piece) in percent_pieces(name).iter().enumerate() {
                let charset = if index == 0 { "utf-8''" } else { "" };
                line.push_str(&format!(";\r\n {parameter}*{index}*={charset}{piece}"));
            }
        }
        line.push_str("\r\n");
        self.0.push_str(&line);
    }

    /// Writes words with one blank between them, breaking the line before a word that would not
    /// fit. Words hold no blanks and no line breaks.
    fn words<'a>(&mut self, name: &str, words: impl Iterator<Item = &'a str>) {
        self.0.push_str(name);
        self.0.push(':');
        let mut column = name.len() + 1;
        let mut first = true;
        for word in words {
            if !first && column + 1 + word.len() > MAX_LINE {
                self.0.push_str("\r\n");
                column = 0;
            }
            self.0.push(' ');
            self.0.push_str(word);
            column += 1 + word.len();
            first = false;
        }
        self.0.push_str("\r\n");
    }
}

/// Control characters become blanks; outer blanks go, for a reader would take them for folding.
fn clean(value: &str) -> String {
    let clean: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    clean.trim().to_owned()
}

/// A file name without control characters and path.
pub(super) fn file_name(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Whether a value would not come back as it was when written plainly.
fn needs_encoding(value: &str) -> bool {
    !value.is_ascii()
        || value.contains("=?")
        || value.contains("  ")
        || value.split(' ').any(|word| word.len() > MAX_WORD)
}

/// A display name as words: atoms, one quoted string, or encoded words.
fn phrase(name: &str) -> Vec<String> {
    if needs_encoding(name) {
        return encoded_words(name);
    }
    if name.split(' ').all(|word| word.chars().all(is_atext)) {
        return name.split(' ').map(str::to_owned).collect();
    }
    if name.len() <= MAX_WORD {
        return vec![quoted(name)];
    }
    encoded_words(name)
}

/// The text as encoded words (RFC 2047 §2): Q where most of it is ASCII, else B, never splitting
/// a character.
fn encoded_words(text: &str) -> Vec<String> {
    let literal = text
        .bytes()
        .filter(|&b| is_q_literal(b) || b == b' ')
        .count();
    let use_q = literal * 3 >= text.len() * 2;
    let mut words = Vec::new();
    let mut piece = String::new();
    let mut width = 0;
    for c in text.chars() {
        let mut buffer = [0; 4];
        let octets = c.encode_utf8(&mut buffer).bytes();
        let needed = if use_q {
            octets
                .map(|b| if is_q_literal(b) || b == b' ' { 1 } else { 3 })
                .sum()
        } else {
            octets.len()
        };
        let limit = if use_q { MAX_WORD } else { WORD_OCTETS };
        if width + needed > limit {
            words.push(encoded_word(&piece, use_q));
            piece.clear();
            width = 0;
        }
        piece.push(c);
        width += needed;
    }
    words.push(encoded_word(&piece, use_q));
    words
}

fn encoded_word(piece: &str, use_q: bool) -> String {
    if !use_q {
        return format!(
            "=?utf-8?B?{}?=",
            data_encoding::BASE64.encode(piece.as_bytes())
        );
    }
    let mut word = String::from("=?utf-8?Q?");
    for byte in piece.bytes() {
        match byte {
            b' ' => word.push('_'),
            b if is_q_literal(b) => word.push(char::from(b)),
            b => word.push_str(&format!("={b:02X}")),
        }
    }
    word.push_str("?=");
    word
}

/// Octets that stand for themselves in a Q word anywhere, a phrase included (RFC 2047 §5).
fn is_q_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte)
}

/// A value percent-encoded in pieces that fit a line (RFC 2231 §4.1). Characters are not split,
/// because some readers decode each piece by itself.
fn percent_pieces(value: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in value.chars() {
        let mut encoded = String::new();
        let mut buffer = [0; 4];
        for byte in c.encode_utf8(&mut buffer).bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
        if piece.len() + encoded.len() > 50 {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push_str(&encoded);
    }
    pieces.push(piece);
    pieces
}

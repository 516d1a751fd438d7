//! Which parts are the text, which the HTML, and which are attachments.

use std::borrow::Cow;
use std::collections::HashSet;

use super::inside::{self, Package};
use super::tree::{Kind, Node, Tree};
use super::{Attachment, Defect, Defects, Disposition, Parsed, charset, codec, shifted};

/// Characters of a file name.
const MAX_FILE_NAME: usize = 255;

/// What a leaf is used for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Use {
    Text,
    Html,
    File,
}

/// Sorts the leaves into text, HTML and attachments, after the example of RFC 8621 §4.1.4:
/// a text or HTML part is shown when it does not ask to be a file and is the first of its
/// multipart or has no name. Answers the parts that are shown.
pub(super) fn fill(
    raw: &[u8],
    nodes: &[Node],
    parsed: &mut Parsed,
    defects: &mut Defects,
) -> Vec<usize> {
    let mut chosen = Chosen::default();
    let mut position = vec![0usize; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let place = match node.parent {
            Some(parent) => {
                let seen = position.get_mut(parent);
                seen.map_or(0, |seen| {
                    *seen += 1;
                    *seen - 1
                })
            }
            None => 0,
        };
        if node.kind == Kind::Leaf {
            let used = chosen.classify(nodes, index, place);
            match used {
                Use::Text | Use::Html => chosen.shown.push((used, index)),
                Use::File => parsed
                    .attachments
                    .push(attachment(raw, node, index, defects)),
            }
        }
    }
    let mut pieces = Vec::with_capacity(chosen.shown.len());
    let mut shown = Vec::with_capacity(chosen.shown.len());
    for (used, index) in std::mem::take(&mut chosen.shown) {
        if let Some(node) = nodes.get(index) {
            let text = text_of(raw, node, defects);
            pieces.push((used, text));
            shown.push(index);
        }
    }
    join(&pieces, chosen.alternative, parsed);
    shown
}

#[derive(Default)]
struct Chosen {
    shown: Vec<(Use, usize)>,
    /// Alternatives that already gave their text or their HTML.
    answered: HashSet<(usize, Use)>,
    /// A shown part stands in an alternative.
    alternative: bool,
}

impl Chosen {
    fn classify(&mut self, nodes: &[Node], index: usize, place: usize) -> Use {
        let Some(node) = nodes.get(index) else {
            return Use::File;
        };
        let used = match node.content_type.as_str() {
            "text/plain" | "text" => Use::Text,
            "text/html" => Use::Html,
            _ => return Use::File,
        };
        if node
            .disposition
            .as_ref()
            .is_some_and(|d| d.value == "attachment")
        {
            return Use::File;
        }
        let parent = node.parent.and_then(|parent| nodes.get(parent));
        let related = parent.is_some_and(|parent| parent.is("multipart/related"));
        if place > 0 && (related || node.file_name().is_some()) {
            return Use::File;
        }
        // Of an alternative the first of each kind is the one; a second one is kept as a file.
        if let (Some(parent), Some(at)) = (parent, node.parent)
            && parent.is("multipart/alternative")
        {
            self.alternative = true;
            if !self.answered.insert((at, used)) {
                return Use::File;
            }
        }
        used
    }
}

/// The bytes of a part, and whether its encoding was read without damage.
pub(super) fn decoded<'a>(raw: &'a [u8], node: &Node) -> (Cow<'a, [u8]>, bool) {
    let body = node.body(raw);
    let body = if node.parent.is_none() {
        one_newline_less(body)
    } else {
        body
    };
    if node.encoding == codec::Encoding::Identity {
        return (Cow::Borrowed(body), true);
    }
    let mut bytes = Vec::with_capacity(body.len());
    let clean = node.encoding.decode(body, &mut bytes);
    (Cow::Owned(bytes), clean)
}

fn text_of(raw: &[u8], node: &Node, defects: &mut Defects) -> String {
    let (bytes, clean) = decoded(raw, node);
    defects.add_if(!clean, Defect::BadEncoding);
    let without = if inside::package(node) == Some(Package::Text) {
        inside::without_files(&bytes)
    } else {
        None
    };
    let bytes = without.map_or(bytes, |(rest, _)| Cow::Owned(rest));
    let label = node.parameters.get("charset");
    // A page knows better than a mailer that calls everything ASCII.
    let vague = |label: &String| charset::is_ascii_label(&label.to_ascii_lowercase());
    let named = if node.is("text/html") && label.as_ref().is_none_or(vague) {
        meta_charset(&bytes)
    } else {
        None
    };
    let label = named.or(label);
    let decoded = charset::decode(&bytes, label.as_deref());
    defects.add_if(decoded.bad, Defect::BadCharset);
    defects.add_if(decoded.nul, Defect::NulRemoved);
    let text = newlines(decoded.text);
    if node.is("text/plain") && is_flowed(node) {
        let delete = node
            .parameters
            .get("delsp")
            .is_some_and(|v| v.eq_ignore_ascii_case("yes"));
        return unflow(&text, delete);
    }
    text
}

/// Octets of the text of a message that stand above the first empty line, where the header was not
/// ended by one. `None` when it was, and for a body whose lines are not those of its text.
pub(super) fn opening(raw: &[u8], tree: &Tree<'_>) -> Option<usize> {
    let node = tree.nodes.first().filter(|_| tree.header.unseparated)?;
    if node.kind != Kind::Leaf || node.encoding != codec::Encoding::Identity || is_flowed(node) {
        return None;
    }
    let body = node.body(raw);
    let mut octets = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        octets += line.len();
        if super::header::trim_ending(line).is_empty() {
            break;
        }
    }
    let label = node.parameters.get("charset");
    let above = charset::decode(body.get(..octets)?, label.as_deref());
    Some(newlines(above.text).len())
}

/// The line break at the end of a message only ends its last line.
fn one_newline_less(body: &[u8]) -> &[u8] {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}

/// CRLF and bare CR become LF.
fn newlines(text: String) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((line, after)) = rest.split_once('\r') {
        out.push_str(line);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
    out
}

fn is_flowed(node: &Node) -> bool {
    node.parameters
        .get("format")
        .is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
}

/// Joins the soft lines of format=flowed (RFC 3676 §4.2): a line that ends in a blank goes on in
/// the next one of the same quote depth, except the signature mark `-- `.
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut flowing: Option<usize> = None;
    for (index, line) in text.split('\n').enumerate() {
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if flowing == Some(depth) && !signature {
            out.push_str(content);
        } else {
            if index > 0 {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(line.get(..depth).unwrap_or_default());
                // `>text` and `> text` are the same to a reader; what was written stays.
                if line.as_bytes().get(depth) == Some(&b' ') && !content.is_empty() {
                    out.push(' ');
                }
            }
            out.push_str(content);
        }
        flowing = None;
        if content.ends_with(' ') && !signature {
            flowing = Some(depth);
            if delete_space {
                out.pop();
            }
        }
    }
    out
}

/// The charset an HTML document names itself, looked for at its beginning. One in which markup can
/// hide is refused, as browsers do.
pub(super) fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..2048).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let at = head.find("charset=")? + "charset=".len();
    let value = head.get(at..)?.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c))?;
    value
        .get(..end)
        .filter(|v| !v.is_empty() && !shifted::hides_markup(v))
        .map(str::to_owned)
}

/// Puts the shown parts together. HTML counts as text too when nothing else would say what it
/// says: when there is no plain part, or when the message begins with HTML that is no alternative
/// to the plain part further down (a list's or gateway's footer).
fn join(pieces: &[(Use, String)], alternative: bool, parsed: &mut Parsed) {
    let of = |wanted: Use| {
        pieces
            .iter()
            .filter(move |(used, _)| *used == wanted)
            .map(|(_, text)| text.as_str())
    };
    let html = of(Use::Html).collect::<Vec<_>>().join("\n");
    parsed.html = Some(html).filter(|html| !html.is_empty());
    parsed.first_html = of(Use::Html).next().map_or(0, str::len);
    let text = of(Use::Text).collect::<Vec<_>>().join("\n");
    if !text.trim().is_empty() {
        let html_first = pieces.first().is_some_and(|(used, _)| *used == Use::Html);
        let first = of(Use::Text).next().map_or(0, str::len);
        let (text, start) = if html_first && !alternative {
            in_order(pieces)
        } else {
            (text, 0)
        };
        parsed.text = Some(text);
        parsed.first_text = start..start + first;
        return;
    }
    parsed.text = match &parsed.html {
        Some(html) => {
            let rendered = crate::html::to_text(html);
            parsed.text_from_html = !rendered.is_empty();
            Some(rendered).filter(|text| !text.is_empty())
        }
        None => Some(text).filter(|text| !text.is_empty()),
    };
}

/// All pieces as text, and where the first plain one begins.
fn in_order(pieces: &[(Use, String)]) -> (String, usize) {
    let mut out = String::new();
    let mut plain = None;
    for (at, (used, text)) in pieces.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match used {
            Use::Html => out.push_str(&crate::html::to_text(text)),
            Use::Text | Use::File => {
                plain = plain.or(Some(out.len()));
                out.push_str(text);
            }
        }
    }
    (out, plain.unwrap_or(0))
}

fn attachment(raw: &[u8], node: &Node, part: usize, defects: &mut Defects) -> Attachment {
    let mut count = codec::Count::default();
    let clean = node.encoding.decode(node.body(raw), &mut count);
    defects.add_if(!clean, Defect::BadEncoding);
    Attachment {
        filename: node.file_name().and_then(|name| file_name(&name)),
        declared_name: node.declared_name(),
        content_type: node.typed.then(|| node.content_type.clone()),
        disposition: node.disposition.as_ref().map(|disposition| {
            // RFC 2183 §2.8: a disposition nobody knows is an attachment.
            if disposition.value == "inline" {
                Disposition::Inline
            } else {
                Disposition::Attachment
            }
        }),
        content_id: node.content_id.clone(),
        part,
        size: count.0,
    }
}

/// The last component of a file name, without control characters. A name is data for people and
/// programs that may save it: it must not leave the folder it is saved to.
pub(super) fn file_name(name: &str) -> Option<String> {
    let clean: String = name.chars().filter(|c| !c.is_control()).collect();
    let last = clean.rsplit(['/', '\\']).next().unwrap_or(&clean).trim();
    if last.is_empty() || last == "." || last == ".." {
        return None;
    }
    Some(last.chars().take(MAX_FILE_NAME).collect())
}

//! The parts of a message: one pass over its lines with an explicit stack (RFC 2046 §5.1).

use super::codec::Encoding;
use super::header::{self, Block};
use super::params::Parameterised;
use super::{Defect, Defects};

/// Multiparts inside one another that are opened; deeper ones are left closed.
pub(super) const MAX_DEPTH: usize = 64;
/// Parts that are told apart; what follows belongs to the last one.
pub(super) const MAX_PARTS: usize = 1_000;
/// Header fields read of a message, and of a part.
const MAX_FIELDS: usize = 10_000;
const MAX_PART_FIELDS: usize = 100;
/// Octets of a body in which an unnamed boundary is looked for.
const BOUNDARY_WINDOW: usize = 64 * 1024;
/// Octets of a boundary (RFC 2046 §5.1.1 allows 70).
const MAX_BOUNDARY: usize = 1_000;

/// A part, a multipart or the message itself.
pub(super) struct Node {
    pub(super) parent: Option<usize>,
    pub(super) kind: Kind,
    /// Lower-case type/subtype; the default of its place when none was given.
    pub(super) content_type: String,
    /// Whether the message gave the type itself.
    pub(super) typed: bool,
    pub(super) parameters: Parameterised,
    pub(super) disposition: Option<Parameterised>,
    pub(super) content_id: Option<String>,
    pub(super) encoding: Encoding,
    /// Octets of the body in the message.
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Leaf,
    Multipart,
}

impl Node {
    pub(super) fn body<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        raw.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn is(&self, content_type: &str) -> bool {
        self.content_type == content_type
    }

    pub(super) fn file_name(&self) -> Option<String> {
        self.disposition
            .as_ref()
            .and_then(|disposition| disposition.get("filename"))
            .or_else(|| self.parameters.get("name"))
    }

    /// [`file_name`](Self::file_name) as the message has it by the letter.
    pub(super) fn declared_name(&self) -> Option<String> {
        self.disposition
            .as_ref()
            .and_then(|disposition| disposition.get_by_letter("filename"))
            .or_else(|| self.parameters.get_by_letter("name"))
    }
}

/// The message's own header and every node in the order of the text, the root first.
pub(super) struct Tree<'a> {
    pub(super) header: Block<'a>,
    pub(super) nodes: Vec<Node>,
    /// The first charset a text part names.
    pub(super) near: Option<String>,
    /// The type or the boundary of the whole message had to be guessed.
    pub(super) guessed: bool,
}

struct Open {
    node: usize,
    boundary: Vec<u8>,
}

struct Walker<'a, 'd> {
    raw: &'a [u8],
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// The leaf whose body is being read.
    leaf: Option<usize>,
    /// The first charset a text part names, by which raw octets in headers are read.
    near: Option<String>,
    /// The type or the boundary of the whole message had to be guessed.
    guessed: bool,
    defects: &'d mut Defects,
}

/// Finds all parts of `raw`.
pub(super) fn read<'a>(raw: &'a [u8], defects: &mut Defects) -> Tree<'a> {
    let header = header::read(raw, 0, MAX_FIELDS, |_| false);
    defects.add_if(header.junk, Defect::BadHeaderLine);
    defects.add_if(header.unseparated, Defect::UnseparatedBody);
    defects.add_if(header.overflow, Defect::TooManyHeaders);
    let mut walker = Walker {
        raw,
        nodes: Vec::new(),
        open: Vec::new(),
        leaf: None,
        near: None,
        guessed: false,
        defects,
    };
    walker.enter(&header, None);
    walker.run(header.body);
    Tree {
        header,
        nodes: walker.nodes,
        near: walker.near,
        guessed: walker.guessed,
    }
}

impl Walker<'_, '_> {
    fn run(&mut self, start: usize) {
        let raw = self.raw;
        let mut at = start;
        // Only lines that begin with two dashes can matter; everything between is skipped at the
        // speed of a memory search.
        let finder = memchr::memmem::Finder::new(b"\n--");
        while !self.open.is_empty() {
            let line_start = if raw.get(at..).is_some_and(|rest| rest.starts_with(b"--")) {
                at
            } else {
                match raw.get(at..).and_then(|rest| finder.find(rest)) {
                    Some(found) => at + found + 1,
                    None => break,
                }
            };
            let rest = raw.get(line_start..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = header::trim_ending(rest.get(..length).unwrap_or_default());
            at = line_start + length;
            let Some((level, last)) = matching(&self.open, line) else {
                // The line break may begin the next candidate, so it stays to be found.
                at -= usize::from(rest.get(length - 1) == Some(&b'\n'));
                continue;
            };
            self.close_leaf(line_start);
            self.defects
                .add_if(level + 1 < self.open.len(), Defect::UnterminatedMultipart);
            self.open.truncate(level + 1);
            if last {
                self.open.truncate(level);
                at -= usize::from(rest.get(length - 1) == Some(&b'\n'));
            } else if self.nodes.len() >= MAX_PARTS {
                self.defects.add(Defect::TooManyParts);
                self.open.clear();
            } else {
                at = self.begin_part(at);
            }
        }
        self.defects
            .add_if(!self.open.is_empty(), Defect::UnterminatedMultipart);
        self.close_last_leaf();
    }

    /// Reads the header of the part that begins at `at`; answers where its body begins.
    fn begin_part(&mut self, at: usize) -> usize {
        let open = &self.open;
        let block = header::read(self.raw, at, MAX_PART_FIELDS, |line| {
            line.starts_with(b"--") && matching(open, line).is_some()
        });
        self.defects.add_if(block.junk, Defect::BadHeaderLine);
        self.defects
            .add_if(block.unseparated, Defect::UnseparatedBody);
        self.defects.add_if(block.overflow, Defect::TooManyHeaders);
        let parent = self.open.last().map(|open| open.node);
        self.enter(&block, parent);
        block.body
    }

    fn enter(&mut self, block: &Block<'_>, parent: Option<usize>) {
        let field = |name: &str| block.fields.iter().find(|field| field.is(name));
        let in_digest = parent
            .and_then(|parent| self.nodes.get(parent))
            .is_some_and(|parent| parent.is("multipart/digest"));
        let default = if in_digest {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let near = self.near.as_deref();
        let read = |field: &header::Field<'_>| Parameterised::read(&field.text_near(near));
        let parameters = field("Content-Type").map(read);
        let mut parameters = parameters;
        if let Some(meant) = parameters.as_ref().and_then(|given| meant(&given.value))
            && let Some(parameters) = &mut parameters
        {
            self.guessed |= parent.is_none() && !parameters.value.contains(meant);
            parameters.value = meant.to_owned();
            self.defects.add(Defect::BadContentType);
        }
        let typed = parameters.as_ref().is_some_and(|p| is_type(&p.value));
        self.defects
            .add_if(parameters.is_some() && !typed, Defect::BadContentType);
        let parameters = parameters.unwrap_or_default();
        let content_type = if typed {
            parameters.value.clone()
        } else {
            default.to_owned()
        };
        let label = field("Content-Transfer-Encoding").map(header::Field::text);
        let encoding = label
            .as_deref()
            .map_or(Some(Encoding::Identity), Encoding::from_label);
        self.defects
            .add_if(encoding.is_none(), Defect::UnknownEncoding);
        let disposition = field("Content-Disposition").map(read);
        let content_id = field("Content-ID").map(|field| {
            let text = field.text();
            text.trim_matches(['<', '>', ' ']).to_owned()
        });
        if self.near.is_none() && content_type.starts_with("text/") {
            self.near = parameters.get("charset");
        }
        let node = self.nodes.len();
        let boundary = if content_type.starts_with("multipart/") {
            self.boundary(&parameters, block.body)
        } else {
            None
        };
        let kind = if boundary.is_some() {
            Kind::Multipart
        } else {
            Kind::Leaf
        };
        let content_type = if kind == Kind::Leaf && content_type.starts_with("multipart/") {
            // Without a boundary there are no parts to find; what is there is read as text.
            "text/plain".to_owned()
        } else {
            content_type
        };
        self.nodes.push(Node {
            parent,
            kind,
            content_type,
            typed,
            parameters,
            disposition,
            content_id: content_id.filter(|id| !id.is_empty()),
            encoding: encoding.unwrap_or(Encoding::Identity),
            start: block.body,
            end: self.raw.len(),
        });
        match boundary {
            Some(boundary) => self.open.push(Open { node, boundary }),
            None => self.leaf = Some(node),
        }
    }

    fn boundary(&mut self, parameters: &Parameterised, body: usize) -> Option<Vec<u8>> {
        if self.open.len() >= MAX_DEPTH {
            self.defects.add(Defect::TooDeep);
            return None;
        }
        let boundary = parameters
            .get("boundary")
            .map(|text| text.trim_end().as_bytes().to_vec());
        let boundary = boundary.filter(|text| !text.is_empty() && text.len() <= MAX_BOUNDARY);
        // Only of the whole message: looking for the boundary of each part would not be linear.
        let body = self.raw.get(body..).unwrap_or_default();
        let absent = match &boundary {
            Some(boundary) => self.open.is_empty() && !occurs(boundary, body),
            None => true,
        };
        if !absent {
            return boundary;
        }
        self.defects.add(Defect::MissingBoundary);
        self.guessed |= self.nodes.is_empty();
        // That of a multipart around it ends it and is not its own.
        used_boundary(body).filter(|used| self.open.iter().all(|open| open.boundary != *used))
    }

    /// Ends the open leaf before the line at `line_start`; the line break before a boundary
    /// belongs to the boundary (RFC 2046 §5.1.1).
    fn close_leaf(&mut self, line_start: usize) {
        let Some(node) = self.leaf.take().and_then(|leaf| self.nodes.get_mut(leaf)) else {
            return;
        };
        let body = self.raw.get(node.start..line_start).unwrap_or_default();
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        node.end = node.start + body.len();
    }

    /// The message ended inside a leaf. Its last line break only ends the last line.
    fn close_last_leaf(&mut self) {
        let inside = self
            .leaf
            .and_then(|leaf| self.nodes.get(leaf))
            .is_some_and(|node| node.parent.is_some());
        if inside {
            self.close_leaf(self.raw.len());
        }
    }
}

/// The innermost open multipart that `line` is a boundary of, and whether it is the last one.
/// White space after a boundary is transport padding.
fn matching(open: &[Open], line: &[u8]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    let level = |wanted: &[u8]| open.iter().rposition(|open| open.boundary == wanted);
    if let Some(level) = level(line) {
        return Some((level, false));
    }
    let closed = line.strip_suffix(b"--")?;
    level(closed).map(|level| (level, true))
}

/// Whether a line of `body` is that boundary.
fn occurs(boundary: &[u8], body: &[u8]) -> bool {
    let line = [b"--", boundary].concat();
    let finder = memchr::memmem::Finder::new(&line);
    finder
        .find_iter(body)
        .any(|at| at == 0 || body.get(at - 1) == Some(&b'\n'))
}

/// The boundary that a multipart uses in truth: that of the first line of two dashes and more
/// after which a header begins.
fn used_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let window = body.get(..BOUNDARY_WINDOW).unwrap_or(body);
    let mut lines = window.split(|&b| b == b'\n').map(header::trim_ending);
    let mut candidate = None;
    loop {
        let line = lines.next()?;
        if let Some(found) = candidate {
            let start = line.get(..8).unwrap_or_default();
            if start.eq_ignore_ascii_case(b"content-") {
                return Some(found);
            }
        }
        let text = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end);
        let text = text.filter(|text| !text.is_empty() && text.len() <= MAX_BOUNDARY);
        candidate = text.map(<[u8]>::to_vec);
    }
}

/// The type that a broken one stands for.
fn meant(value: &str) -> Option<&'static str> {
    match value.trim_matches(['"', '\'', '/', ' ']) {
        "text" | "plain" | "text/txt" | "txt" => Some("text/plain"),
        "html" | "text/htm" | "text/xhtml" => Some("text/html"),
        "text/plain" if value != "text/plain" => Some("text/plain"),
        "text/html" if value != "text/html" => Some("text/html"),
        _ => None,
    }
}

/// `type/subtype`, both tokens.
fn is_type(value: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
    };
    value
        .split_once('/')
        .is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

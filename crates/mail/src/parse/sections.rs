//! A message as its fields and the text of its parts, for readers to whom the difference between
//! what is shown and what is attached does not matter: those of reports.

use super::header::{self, Field};
use super::{Defects, charset, decoded, tree};

/// Parts that are looked at.
const MAX_PARTS: usize = 32;

/// Octets of a part, before it is decoded, that are looked at.
const MAX_OCTETS: usize = 64 << 10;

/// Fields read of a block.
const MAX_FIELDS: usize = 500;

/// A message taken apart.
pub(crate) struct Sections {
    /// Its own fields: name as written, and decoded value.
    pub(crate) fields: Vec<(String, String)>,
    /// `type/subtype` of the whole, in lower case.
    pub(crate) content_type: String,
    /// The `report-type` parameter of a multipart/report, in lower case.
    pub(crate) report_type: Option<String>,
    /// Its parts, in order, without the multiparts around them.
    pub(crate) parts: Vec<Section>,
}

/// One part.
pub(crate) struct Section {
    /// `type/subtype` in lower case.
    pub(crate) content_type: String,
    /// Its content as text, with `\n` as line break.
    pub(crate) text: String,
}

/// Takes a message apart.
pub(crate) fn read(raw: &[u8]) -> Sections {
    let mut defects = Defects::default();
    let tree = tree::read(raw, &mut defects);
    let root = tree.nodes.first();
    let leaves = tree
        .nodes
        .iter()
        .filter(|node| node.kind == tree::Kind::Leaf);
    let parts = leaves.take(MAX_PARTS).map(|node| {
        let body = node.body(raw);
        let body = body.get(..MAX_OCTETS).unwrap_or(body);
        let mut bytes = Vec::with_capacity(body.len());
        node.encoding.decode(body, &mut bytes);
        let label = node.parameters.get("charset");
        Section {
            content_type: node.content_type.clone(),
            text: charset::decode(&bytes, label.as_deref())
                .text
                .replace("\r\n", "\n"),
        }
    });
    Sections {
        fields: shown(&tree.header.fields),
        content_type: root.map_or_else(String::new, |root| root.content_type.clone()),
        report_type: root
            .and_then(|root| root.parameters.get("report-type"))
            .map(|text| text.to_ascii_lowercase()),
        parts: parts.collect(),
    }
}

/// The block of fields at the beginning of a text, and what follows the empty line after it.
pub(crate) fn block(text: &str) -> (Vec<(String, String)>, &str) {
    let block = header::read(text.as_bytes(), 0, MAX_FIELDS, |_| false);
    (
        shown(&block.fields),
        text.get(block.body..).unwrap_or_default(),
    )
}

/// The value of the first field of that name.
pub(crate) fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn shown(fields: &[Field<'_>]) -> Vec<(String, String)> {
    let short = |field: &Field<'_>| {
        let raw = field.raw.get(..8_192).unwrap_or(field.raw);
        let name = field.name.get(..100).unwrap_or(field.name);
        let value = decoded(&Field { name, raw }, None);
        (name.to_owned(), value)
    };
    fields.iter().take(MAX_FIELDS).map(short).collect()
}

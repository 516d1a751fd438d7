//! Puts what is packed inside parts with the rest of the message.

use super::{File, Package, number, open, package, without_files};
use crate::parse::tree::{Kind, Node};
use crate::parse::{Attachment, Defects, Disposition, Parsed, body, codec};

/// Fills in what the parts say, and what is packed inside them.
pub(in crate::parse) fn fill(
    raw: &[u8],
    nodes: &[Node],
    parsed: &mut Parsed,
    defects: &mut Defects,
) {
    let shown = body::fill(raw, nodes, parsed, defects);
    for (index, node) in nodes.iter().enumerate() {
        let package = package(node).filter(|_| node.kind == Kind::Leaf);
        match package {
            // Its text was read without its files already.
            Some(Package::Text) if shown.contains(&index) => list_written(raw, node, index, parsed),
            // What a report returns is no file of the report.
            Some(Package::Message) if is_returned(nodes, node) => {}
            Some(Package::Tnef | Package::Signed | Package::Message) => {
                unpack(raw, node, index, parsed);
            }
            _ => {}
        }
    }
}

fn is_returned(nodes: &[Node], node: &Node) -> bool {
    let parent = node.parent.and_then(|parent| nodes.get(parent));
    parent.is_some_and(|parent| parent.is("multipart/report"))
}

/// Adds the files written into the text of a part.
fn list_written(raw: &[u8], node: &Node, index: usize, parsed: &mut Parsed) {
    if memchr::memmem::find(node.body(raw), b"begin").is_none()
        && node.encoding == codec::Encoding::Identity
    {
        return;
    }
    if let Some((_, files)) = without_files(&body::decoded(raw, node).0) {
        add_files(&files, index, parsed);
    }
}

/// The files packed inside a part.
pub(in crate::parse) fn files_inside(raw: &[u8], node: &Node) -> Vec<File> {
    let opened = package(node).and_then(|kind| open(kind, &body::decoded(raw, node).0));
    opened.map(|opened| opened.files).unwrap_or_default()
}

/// Adds what a package holds: its files, and its text where the message has none of its own.
fn unpack(raw: &[u8], node: &Node, index: usize, parsed: &mut Parsed) {
    let Some(package) = package(node) else {
        return;
    };
    let Some(opened) = open(package, &body::decoded(raw, node).0) else {
        return;
    };
    add_files(&opened.files, index, parsed);
    if opened.text.is_none() && opened.html.is_none() {
        return;
    }
    if parsed.html.is_none() {
        parsed.first_html = opened.html.as_ref().map_or(0, String::len);
        parsed.html = opened.html;
    }
    if parsed
        .text
        .as_ref()
        .is_none_or(|text| text.trim().is_empty())
    {
        let rendered = || parsed.html.as_deref().map(crate::html::to_text);
        parsed.text_from_html = opened.text.is_none();
        parsed.text = opened
            .text
            .or_else(rendered)
            .filter(|text| !text.is_empty());
        parsed.text_from_html &= parsed.text.is_some();
        let plain = parsed.text.as_ref().filter(|_| !parsed.text_from_html);
        parsed.first_text = 0..plain.map_or(0, String::len);
    }
}

fn add_files(files: &[File], index: usize, parsed: &mut Parsed) {
    for (place, file) in files.iter().enumerate() {
        parsed.attachments.push(Attachment {
            filename: file.name.clone(),
            declared_name: file.name.clone(),
            content_type: file.content_type.clone(),
            disposition: Some(if file.inline {
                Disposition::Inline
            } else {
                Disposition::Attachment
            }),
            content_id: file.content_id.clone(),
            part: number(index, place),
            size: file.bytes.len(),
        });
    }
}

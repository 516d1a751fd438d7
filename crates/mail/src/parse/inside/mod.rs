//! What is packed inside other parts: files that old mailers wrote into the text (uuencode,
//! yEnc), what Outlook hides in `winmail.dat` (TNEF), and the content of a message signed as a
//! whole (S/MIME).
//!
//! Everything here reads foreign bytes without recursion, in time linear in them, and keeps at
//! most [`MAX_FILES`] files of one part. Of packed things inside packed things only the outer are
//! opened.

mod ber;
mod blocks;
mod lzfu;
mod mapi;
mod rtf;
mod rtf_words;
#[cfg(test)]
mod tests;
mod tnef;
mod unpack;

pub(super) use unpack::{files_inside, fill};

use super::tree::{Kind, Node, Tree};
use super::{Defects, body, tree};

/// Files taken out of one part.
const MAX_FILES: usize = 500;
/// Octets of a part that are unpacked; a larger one stays as it is.
const MAX_OCTETS: usize = 64 << 20;
/// Where the number of a file inside a part begins in [`Attachment::part`](super::Attachment::part).
const FILE_SHIFT: u32 = 12;

/// A file found inside a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) inline: bool,
    pub(super) bytes: Vec<u8>,
}

/// What a part was found to hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) files: Vec<File>,
}

/// What kind of package a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    /// Text that may have files written into it.
    Text,
    /// Outlook's transport-neutral encapsulation (MS-OXTNEF).
    Tnef,
    /// A message signed as a whole (RFC 8551 §3.5.2).
    Signed,
    /// A message shown in place: its files are at hand as those of the message around it are.
    Message,
}

/// The package a leaf is by its type or name, if it is one.
pub(super) fn package(node: &Node) -> Option<Package> {
    let name = || node.file_name().map(|name| name.to_ascii_lowercase());
    match node.content_type.as_str() {
        "text/plain" => Some(Package::Text),
        "application/ms-tnef" | "application/vnd.ms-tnef" | "application/x-tnef" => {
            Some(Package::Tnef)
        }
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some(Package::Signed),
        "message/rfc822" | "message/global" => {
            // One with a name is a file of its own, and closed like one.
            let disposition = node.disposition.as_ref();
            let attached = disposition.is_some_and(|given| given.value == "attachment");
            let shown = !attached && node.parent.is_some() && node.file_name().is_none();
            shown.then_some(Package::Message)
        }
        "application/octet-stream" | "text/octet-stream" => match name()?.as_str() {
            "winmail.dat" | "win.dat" => Some(Package::Tnef),
            "smime.p7m" => Some(Package::Signed),
            _ => None,
        },
        _ => None,
    }
}

/// Opens the decoded bytes of a part. `None` when they are not what the label says.
pub(super) fn open(package: Package, bytes: &[u8]) -> Option<Opened> {
    if bytes.len() > MAX_OCTETS {
        return None;
    }
    match package {
        Package::Text => {
            let (_, files) = blocks::take(bytes)?;
            Some(Opened {
                files,
                ..Opened::default()
            })
        }
        Package::Tnef => tnef::read(bytes),
        Package::Message => {
            let Opened { files, .. } = whole_message(bytes);
            Some(Opened {
                files,
                ..Opened::default()
            })
        }
        Package::Signed => {
            let content = ber::signed_content(bytes)?;
            Some(whole_message(&content))
        }
    }
}

/// The text of a part without the files written into it, and those files. `None` when there are
/// none.
pub(super) fn without_files(bytes: &[u8]) -> Option<(Vec<u8>, Vec<File>)> {
    if bytes.len() > MAX_OCTETS {
        return None;
    }
    blocks::take(bytes)
}

/// The number of a file inside the part `node`.
pub(super) fn number(node: usize, file: usize) -> usize {
    node | (file + 1) << FILE_SHIFT
}

/// The part, and the file inside it if one is meant, that a number names.
pub(super) fn place(part: usize) -> (usize, Option<usize>) {
    let node = part & ((1 << FILE_SHIFT) - 1);
    (node, (part >> FILE_SHIFT).checked_sub(1))
}

/// The text, HTML and files of a message of its own. What is packed in it stays packed.
fn whole_message(raw: &[u8]) -> Opened {
    let mut defects = Defects::default();
    let Tree { nodes, .. } = tree::read(raw, &mut defects);
    let mut opened = Opened::default();
    let mut parsed = super::Parsed::default();
    body::fill(raw, &nodes, &mut parsed, &mut defects);
    opened.text = parsed.text.take().filter(|_| !parsed.text_from_html);
    opened.html = parsed.html.take();
    for file in parsed.attachments.into_iter().take(MAX_FILES) {
        let node = nodes.get(file.part);
        let Some(node) = node.filter(|node| node.kind == Kind::Leaf) else {
            continue;
        };
        let mut bytes = Vec::with_capacity(file.size);
        node.encoding.decode(node.body(raw), &mut bytes);
        opened.files.push(File {
            name: file.filename,
            content_type: file.content_type,
            content_id: file.content_id,
            inline: file.disposition == Some(super::Disposition::Inline),
            bytes,
        });
    }
    opened
}

//! What a file is: its content decides, then its name, then the type it was declared as.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::Why;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Any text.
    Plain,
    /// Values separated by commas, semicolons or tabs.
    Csv,
    /// A page.
    Html,
    /// Portable Document Format.
    Pdf,
    /// A text of Word (Office Open XML).
    Docx,
    /// A workbook of Excel.
    Xlsx,
    /// Slides of PowerPoint.
    Pptx,
    /// Appointments (RFC 5545).
    Calendar,
    /// A message (RFC 5322).
    Message,
}

impl Kind {
    /// The name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Calendar => "calendar",
            Self::Message => "message",
        }
    }

    /// Whether its text is more than its bytes with another encoding.
    #[must_use]
    pub const fn is_packed(self) -> bool {
        matches!(self, Self::Pdf | Self::Docx | Self::Xlsx | Self::Pptx)
    }

    /// What a file will be if it keeps its word, by its declared type and its name alone.
    #[must_use]
    pub fn expected(declared: Option<&str>, name: Option<&str>) -> Option<Self> {
        let declared = declared.unwrap_or_default().to_ascii_lowercase();
        let essence = declared.split(';').next().unwrap_or_default().trim();
        let name = name.unwrap_or_default().trim().to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        by_extension(extension).or_else(|| by_type(essence))
    }
}

fn by_extension(extension: &str) -> Option<Kind> {
    Some(match extension {
        "pdf" => Kind::Pdf,
        "docx" | "docm" | "dotx" | "dotm" => Kind::Docx,
        "xlsx" | "xlsm" | "xltx" | "xltm" => Kind::Xlsx,
        "pptx" | "pptm" | "ppsx" | "potx" => Kind::Pptx,
        "htm" | "html" | "xhtml" => Kind::Html,
        "ics" | "ifb" | "vcs" => Kind::Calendar,
        "eml" => Kind::Message,
        "csv" | "tsv" => Kind::Csv,
        "txt" | "text" | "md" | "markdown" | "log" | "json" | "jsonl" | "xml" | "yaml" | "yml"
        | "toml" | "ini" | "conf" | "cfg" | "properties" | "env" | "pem" | "key" | "sql" | "sh"
        | "py" | "js" | "ts" | "rs" | "go" | "java" | "c" | "h" | "cpp" | "css" | "vcf" | "srt"
        | "tex" | "diff" | "patch" => Kind::Plain,
        _ => return None,
    })
}

fn by_type(essence: &str) -> Option<Kind> {
    Some(match essence {
        "application/pdf" | "application/x-pdf" => Kind::Pdf,
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "text/calendar" | "application/ics" => Kind::Calendar,
        "message/rfc822" | "message/global" => Kind::Message,
        "text/csv" | "text/tab-separated-values" | "application/csv" => Kind::Csv,
        "application/json"
        | "application/xml"
        | "application/yaml"
        | "application/x-yaml"
        | "application/x-pem-file"
        | "application/sql"
        | "application/javascript"
        | "application/x-sh" => Kind::Plain,
        other if other.contains("wordprocessingml") => Kind::Docx,
        other if other.contains("spreadsheetml") => Kind::Xlsx,
        other if other.contains("presentationml") => Kind::Pptx,
        other if other.starts_with("text/") && !other.contains("rtf") => Kind::Plain,
        other if other.ends_with("+json") || other.ends_with("+xml") => Kind::Plain,
        _ => return None,
    })
}

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Pdf,
    Package,
    Html,
    Calendar,
    Message,
    Csv,
    Plain,
}

/// Octets at the beginning in which a PDF may say what it is.
const PDF_FROM: usize = 1024;

/// Octets that are looked at to tell text from other things.
const SAMPLE: usize = 16 << 10;

/// Who reads these bytes.
///
/// # Errors
/// [`Why::Unsupported`], [`Why::Encrypted`] and [`Why::Damaged`].
pub(crate) fn family(
    declared: Option<&str>,
    name: Option<&str>,
    bytes: &[u8],
) -> Result<Family, Why> {
    let expected = Kind::expected(declared, name);
    let head = bytes.get(..PDF_FROM).unwrap_or(bytes);
    let mailed = expected == Some(Kind::Message);
    if head.starts_with(b"%PDF-") || (!mailed && memmem::find(head, b"%PDF-").is_some()) {
        return Ok(Family::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Family::Package);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Err(compound(bytes));
    }
    if head.starts_with(b"{\\rtf") {
        return Err(Why::Unsupported);
    }
    if !is_text(bytes) {
        let promised = expected.is_some_and(Kind::is_packed);
        return Err(if promised {
            Why::Damaged
        } else {
            Why::Unsupported
        });
    }
    let start = bytes.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let begins = |with: &[u8]| {
        let found = start.get(..with.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(with))
    };
    if begins(b"BEGIN:VCALENDAR") {
        return Ok(Family::Calendar);
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        return Ok(Family::Html);
    }
    match expected {
        Some(Kind::Html) => Ok(Family::Html),
        Some(Kind::Calendar | Kind::Plain) => Ok(Family::Plain),
        Some(Kind::Message) => Ok(Family::Message),
        Some(Kind::Csv) => Ok(Family::Csv),
        Some(_) => Err(Why::Damaged),
        None if declared.is_none_or(is_open) => Ok(Family::Plain),
        None => Err(Why::Unsupported),
    }
}

/// Whether bytes begin as those of a PDF, an archive or a container do.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    let head = bytes.get(..PDF_FROM).unwrap_or(bytes);
    let begins = [&b"PK\x03\x04"[..], b"PK\x05\x06", b"\xd0\xcf\x11\xe0"];
    begins.iter().any(|begin| head.starts_with(begin)) || memmem::find(head, b"%PDF-").is_some()
}

/// Whether a type says nothing about the content.
fn is_open(declared: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or_default().trim();
    ["", "application/octet-stream", "application/binary"]
        .iter()
        .any(|open| essence.eq_ignore_ascii_case(open))
}

/// What is said of the container of Office before 2007, in which newer ones put what they encrypt.
fn compound(bytes: &[u8]) -> Why {
    let wide = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    if memmem::find(bytes, &wide("EncryptedPackage")).is_some() {
        Why::Encrypted
    } else {
        Why::Unsupported
    }
}

/// Whether bytes are text of some encoding: hardly any controls, and zeros only as UTF-16 has them.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let odd = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let controls = sample.iter().filter(odd).count();
    !sample.contains(&0) && controls * 100 <= sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_before_the_name_and_the_type() {
        for (declared, name, bytes, family) in [
            ("text/plain", "a.txt", &b"%PDF-1.4 ..."[..], Family::Pdf),
            (
                "application/pdf",
                "a.pdf",
                b"PK\x03\x04....",
                Family::Package,
            ),
            (
                "text/plain",
                "a.txt",
                b"BEGIN:VCALENDAR\r\n",
                Family::Calendar,
            ),
            (
                "text/plain",
                "a.txt",
                b"\xef\xbb\xbf<!DOCTYPE html><p>",
                Family::Html,
            ),
            ("application/octet-stream", "a.csv", b"a,b\n", Family::Csv),
            (
                "application/octet-stream",
                "data",
                b"hello\n",
                Family::Plain,
            ),
            (
                "message/rfc822",
                "",
                b"Subject: x\n\nSee %PDF-1.4",
                Family::Message,
            ),
            ("text/html; charset=x", "", b"<p>", Family::Html),
        ] {
            assert_eq!(super::family(Some(declared), Some(name), bytes), Ok(family));
        }
    }

    #[test]
    fn what_is_not_read_says_why() {
        let mut locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....".to_vec();
        for (bytes, declared, why) in [
            (locked.clone(), "application/msword", Why::Unsupported),
            (
                b"\x89PNG\r\n\x1a\n\0\0".to_vec(),
                "image/png",
                Why::Unsupported,
            ),
            (b"\0\0\0\0".to_vec(), "application/pdf", Why::Damaged),
            (b"no pdf".to_vec(), "application/pdf", Why::Damaged),
            (b"{\\rtf1 x}".to_vec(), "text/plain", Why::Unsupported),
            (b"hello".to_vec(), "image/png", Why::Unsupported),
        ] {
            assert_eq!(family(Some(declared), None, &bytes), Err(why), "{declared}");
        }
        locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(family(None, Some("a.docx"), &locked), Err(Why::Encrypted));
    }
}

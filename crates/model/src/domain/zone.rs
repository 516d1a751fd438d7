//! The records of a domain as a zone file (RFC 1035 §5.1), which name servers and the forms of DNS
//! hosts read.

use std::fmt::Write as _;

use super::{Expected, RecordKind, zone_apex};

/// Seconds for which others may remember a record.
const TTL: u32 = 3600;

/// Octets of one string in a text record (RFC 1035 §3.3.14).
const MAX_STRING: usize = 255;

/// The text of the file for the domain `name`. Names are relative to the apex of the zone, as in the API's records.
#[must_use]
pub fn zone_file(name: &str, records: &[Expected]) -> String {
    let mut out = format!(
        "; DNS records of {name} for Mailroost\n$ORIGIN {}.\n$TTL {TTL}\n",
        zone_apex(name)
    );
    for record in records {
        let value = match record.kind {
            RecordKind::Txt => texts(&record.value),
            RecordKind::Mx => format!("{} {}.", record.priority.unwrap_or_default(), record.value),
            RecordKind::Cname => format!("{}.", record.value),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} IN {} {value}", record.name, record.kind.name());
    }
    out
}

/// A text in quotes, cut into strings that are short enough.
fn texts(value: &str) -> String {
    // Our values are ASCII, so that every octet is a character of its own.
    let strings: Vec<String> = value
        .as_bytes()
        .chunks(MAX_STRING)
        .map(|part| {
            let part = String::from_utf8_lossy(part);
            format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""))
        })
        .collect();
    strings.join(" ")
}

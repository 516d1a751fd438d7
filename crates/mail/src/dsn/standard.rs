//! Reports with fields for machines: RFC 3464, and RFC 6533 for addresses in UTF-8.

use super::status::{Status, Words};
use super::{Action, Fate, MAX_RECIPIENTS, Report, addresses, classify, diagnostic, original_part};
use crate::parse::sections::{self, Sections, field};

const STATUS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];

/// Reads a report that has a part of fields.
pub(super) fn read(sections: &Sections) -> Option<Report> {
    let typed = sections
        .parts
        .iter()
        .find(|part| STATUS.contains(&part.content_type.as_str()));
    // Some gateways label the part as text; it begins like no text does.
    let part = typed.or_else(|| {
        let mut parts = sections.parts.iter();
        let report = sections.content_type == "multipart/report";
        parts.find(|part| report && begins(&part.text, "reporting-mta:"))
    })?;
    let (mut fields, mut rest) = sections::block(part.text.trim_start());
    let reporter = field(&fields, "Reporting-MTA").map(|value| typed_value(value).to_owned());
    let mut recipients = Vec::new();
    // Fields of recipients that lack the empty line before them belong to the first recipient.
    if field(&fields, "Final-Recipient").is_some() || field(&fields, "Action").is_some() {
        recipients.push(fate(&fields, sections));
    }
    while !rest.trim().is_empty() && recipients.len() < MAX_RECIPIENTS {
        (fields, rest) = sections::block(rest.trim_start_matches(['\n', '\r', ' ', '\t']));
        if field(&fields, "Final-Recipient").is_some() || field(&fields, "Action").is_some() {
            recipients.push(fate(&fields, sections));
        } else if fields.is_empty() {
            break;
        }
    }
    Some(Report {
        reporter: reporter.filter(|name| !name.is_empty()),
        recipients,
        original: original_part(sections).unwrap_or_default(),
        standard: true,
    })
}

fn begins(text: &str, lower: &str) -> bool {
    let text = text.trim_start();
    text.get(..lower.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(lower))
}

/// The value after its type: `rfc822; ann@a.example`, `dns; mx.example`.
fn typed_value(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

fn fate(fields: &[(String, String)], sections: &Sections) -> Fate {
    let address = |name: &str| {
        let value = field(fields, name)?;
        let (kind, rest) = value.split_once(';').unwrap_or(("rfc822", value));
        let rest = if kind.trim().eq_ignore_ascii_case("utf-8") {
            unicode(rest)
        } else {
            xtext(rest)
        };
        addresses(&rest).next()
    };
    let ended_at = address("Final-Recipient");
    let named = address("Original-Recipient");
    let said = field(fields, "Diagnostic-Code")
        .map(typed_value)
        .unwrap_or_default();
    let status = field(fields, "Status").and_then(Status::parse);
    let found = Words::of(said);
    // A relay says 5.0.0 or 5.1.0 of whatever it was told; the words of the last server know more.
    let general = status.is_none_or(|Status(_, subject, detail)| subject == 0 || detail == 0);
    let status = if general {
        found.status.or(status)
    } else {
        status
    };
    let explained = if said.is_empty() {
        explanation(sections)
    } else {
        said.to_owned()
    };
    let mut verdict = classify(&Words {
        code: found.code,
        status,
        text: &explained,
    });
    let action = action(field(fields, "Action"), status);
    if action == Action::Failed && verdict.permanent.is_none() {
        verdict.permanent = Some(true);
    }
    Fate {
        recipient: named.clone().or_else(|| ended_at.clone()),
        ended_at: ended_at.filter(|_| named.is_some()).filter(|end| {
            let named = named.as_deref().unwrap_or_default();
            !end.eq_ignore_ascii_case(named)
        }),
        action,
        status,
        diagnostic: diagnostic(&explained),
        verdict,
    }
}

/// What the report says to people, where it gives machines no words of the server.
fn explanation(sections: &Sections) -> String {
    let text = sections
        .parts
        .iter()
        .find(|part| part.content_type == "text/plain");
    text.map(|part| part.text.chars().take(2_000).collect())
        .unwrap_or_default()
}

/// The action; where it is missing or unknown, what the status says.
fn action(value: Option<&str>, status: Option<Status>) -> Action {
    let word = value.unwrap_or_default().trim();
    let word: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" => Action::Failed,
        "delayed" => Action::Delayed,
        "delivered" => Action::Delivered,
        "relayed" => Action::Relayed,
        "expanded" => Action::Expanded,
        _ => match status {
            Some(Status(2, ..)) => Action::Delivered,
            Some(Status(4, ..)) => Action::Delayed,
            _ => Action::Failed,
        },
    }
}

/// `+3D` for `=` and so on (RFC 3461 §4).
fn xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once('+') {
        out.push_str(before);
        let digits = after.get(..2).filter(|hex| {
            hex.bytes()
                .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
        });
        let byte = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // `+` itself is what addresses are tagged with; only what xtext must write so is decoded.
        match byte.filter(|byte| matches!(byte, b'=' | b'+' | b' ')) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push('+');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `\x{E4}` for `ä` (RFC 6533 §3).
fn unicode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once("\\x{") {
        out.push_str(before);
        let decoded = after.split_once('}').and_then(|(hex, tail)| {
            let hex = Some(hex).filter(|hex| hex.len() <= 6)?;
            let c = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?;
            Some((c, tail))
        });
        match decoded {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push_str("\\x{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_addresses_are_decoded_and_tags_stay() {
        assert_eq!(xtext("ann+2Btag+3Dx@a.example"), "ann+tag=x@a.example");
        assert_eq!(xtext("ann+news@a.example"), "ann+news@a.example");
        assert_eq!(xtext("ann+"), "ann+");
        assert_eq!(unicode("j\\x{FC}rgen@a.example"), "jürgen@a.example");
        assert_eq!(unicode("j\\x{D800}\\x{"), "j\\x{D800}\\x{");
    }
}

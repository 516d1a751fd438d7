//! Complaints: the Abuse Reporting Format (RFC 5965), read as leniently as providers write it.

use super::{Complaint, MAX_RECIPIENTS, Original, addresses, original, original_part};
use crate::parse::sections::{self, Sections, field};

/// Characters of a word that a report gives.
const MAX_WORD: usize = 100;

/// Reads a complaint: a message with a part of feedback fields.
pub(super) fn read(sections: &Sections) -> Option<Complaint> {
    let part = sections
        .parts
        .iter()
        .find(|part| part.content_type == "message/feedback-report");
    let labelled = sections.content_type == "multipart/report"
        && sections.report_type.as_deref() == Some("feedback-report");
    // The machine-readable part may be labelled as text, or be missing.
    let text = match part {
        Some(part) => Some(part.text.as_str()),
        None if labelled => sections
            .parts
            .iter()
            .map(|part| part.text.as_str())
            .find(|text| text.to_ascii_lowercase().contains("feedback-type:")),
        None => return None,
    };
    let text = text.unwrap_or_default();
    let (fields, _) = sections::block(text.trim_start());
    let word = |name: &str| {
        let value = field(&fields, name)?.trim();
        let word: String = value.chars().take(MAX_WORD).collect();
        Some(word).filter(|word| !word.is_empty())
    };
    let mut recipients = Vec::new();
    for name in ["Original-Rcpt-To", "Removal-Recipient"] {
        let named = fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        recipients.extend(named.flat_map(|(_, value)| addresses(value)));
    }
    recipients.truncate(MAX_RECIPIENTS);
    recipients.dedup();
    let mut original = original_part(sections)
        .or_else(|| headers_in_text(sections))
        .unwrap_or_default();
    let sender = field(&fields, "Original-Mail-From").unwrap_or_default();
    original
        .reverse_paths
        .extend(addresses(sender).filter_map(|text| text.parse().ok()));
    Some(Complaint {
        feedback_type: word("Feedback-Type")
            .map_or_else(|| "abuse".to_owned(), |kind| kind.to_ascii_lowercase()),
        recipients,
        reporter: word("User-Agent"),
        original,
    })
}

/// Some reports paste the original fields into a text part.
fn headers_in_text(sections: &Sections) -> Option<Original> {
    let mut parts = sections.parts.iter();
    let part = parts.rfind(|part| {
        part.content_type == "text/plain" && part.text.to_ascii_lowercase().contains("message-id:")
    })?;
    let at = part
        .text
        .find("Received:")
        .or_else(|| part.text.find("Return-Path:"));
    Some(original(
        part.text.get(at.unwrap_or(0)..).unwrap_or_default(),
    ))
}

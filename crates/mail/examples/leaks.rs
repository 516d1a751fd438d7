//! Answers a scorer of outgoing mail: one JSON mail a line on standard input, one JSON answer a
//! line on standard output.
//!
//! `cargo run --release -p mail --example leaks < mails.jsonl`

use std::io::{BufRead, Write};

use mail::leaks::{Attached, Outgoing, screen};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&question))?;
    }
    Ok(())
}

/// Screens the mail of a question: `{id, subject, text, html?, to: […], attachments?: [{name,
/// text}], own?: […]}`. The answer is `{id, flagged, findings: [{kind, class, where, value}]}`
/// with masked values.
fn answer(question: &Value) -> Value {
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .map(|all| all.iter().map(text).collect())
            .unwrap_or_default()
    };
    let (recipients, own) = (list(&question["to"]), list(&question["own"]));
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let attachments: Vec<Attached<'_>> = question["attachments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| Attached {
            name: file["name"].as_str().unwrap_or_default(),
            text: file["text"].as_str().unwrap_or_default(),
        })
        .collect();
    let findings = screen(&Outgoing {
        subject: question["subject"].as_str().unwrap_or_default(),
        text: question["text"].as_str().unwrap_or_default(),
        html: question["html"].as_str(),
        recipients: &recipients,
        attachments: &attachments,
        own: &own,
    });
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "kind": finding.kind,
                "class": finding.class.as_str(),
                "where": finding.place.as_str(),
                "value": finding.masked,
            })
        })
        .collect();
    json!({ "id": question["id"], "flagged": !findings.is_empty(), "findings": findings })
}

//! Answers the scorer of leaks: one mail a line as JSON (`id`, `subject`, `text`, `html`, `to`,
//! `attachments` with `name` and `text`) on standard input, one answer a line on standard output.
//!
//! `cargo run --release -p mail --example leaks < mails.jsonl`

use std::io::{BufRead, Write};

use mail::leaks::{Attached, Outgoing, screen};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let list = |name: &str| question[name].as_array().into_iter().flatten();
        let attachments: Vec<Attached<'_>> = list("attachments")
            .map(|file| Attached {
                name: file["name"].as_str().unwrap_or_default(),
                text: file["text"].as_str().unwrap_or_default(),
            })
            .collect();
        let recipients: Vec<&str> = list("to").filter_map(Value::as_str).collect();
        let findings = screen(&Outgoing {
            subject: question["subject"].as_str().unwrap_or_default(),
            text: question["text"].as_str().unwrap_or_default(),
            html: question["html"].as_str(),
            recipients: &recipients,
            attachments: &attachments,
            own: &[],
        });
        let told: Vec<Value> = findings
            .iter()
            .map(|finding| {
                json!({ "kind": finding.kind, "class": finding.class.as_str(), "value": finding.masked })
            })
            .collect();
        let flagged = !told.is_empty();
        let answer = json!({ "id": question["id"], "flagged": flagged, "findings": told });
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

//! Answers a content scorer: one JSON question a line on standard input, one JSON answer a line
//! on standard output. Kinds: `reply_text`, `reply_html`, `mime`, `forward`.
//!
//! `cargo run --release -p mail --example extract < cases.jsonl`

use std::io::{BufRead, Write};

use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        if let Some(mut answer) = answer(&question) {
            answer["id"] = question["id"].clone();
            writeln!(out, "{answer}")?;
        }
    }
    Ok(())
}

fn answer(question: &Value) -> Option<Value> {
    match question["kind"].as_str()? {
        "reply_text" => {
            let seen = mail::reply::visible(question["input"].as_str(), None);
            Some(json!({ "text": seen.text }))
        }
        "reply_html" => {
            let seen = mail::reply::visible(None, question["input"].as_str());
            Some(json!({ "html": seen.html }))
        }
        "mime" => {
            let encoded = question["input_b64"].as_str()?;
            let raw = data_encoding::BASE64.decode(encoded.as_bytes()).ok()?;
            Some(mime(&mail::parse::parse(&raw)))
        }
        "forward" => {
            let outer = question["subject"].as_str();
            Some(forward(question["input"].as_str()?, outer))
        }
        _ => None,
    }
}

fn forward(text: &str, outer: Option<&str>) -> Value {
    let Some(found) = mail::forward::forward(text, outer) else {
        return json!({ "forwarded": false });
    };
    json!({
        "forwarded": true,
        "message": found.message,
        "subject": found.subject,
        "from_address": found.from.map(|from| from.address),
        "body": found.body,
    })
}

fn mime(parsed: &mail::parse::Parsed) -> Value {
    let addresses = |people: &[mail::Correspondent]| -> Vec<String> {
        people
            .iter()
            .map(|person| person.address.clone())
            .filter(|a| a.contains('@'))
            .collect()
    };
    json!({
        "subject": parsed.subject,
        "from": addresses(&parsed.from),
        "to": addresses(&parsed.to),
        "message_id": parsed.message_id.as_ref().map(mail::MessageId::bare),
        "date": parsed.date.map(mail::Timestamp::as_secs),
        "text": parsed.text.as_ref().filter(|_| !parsed.text_from_html).and_then(|text| text.get(..parsed.first_text)),
        "html": parsed.html,
        "attachments": parsed.attachments.iter().map(|file| file.filename.clone()).collect::<Vec<_>>(),
    })
}

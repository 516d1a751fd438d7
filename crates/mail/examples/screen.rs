//! Answers the scorer of injections: one mail a line as JSON (`id`, `subject`, `text`, `html`) on
//! standard input, one answer a line on standard output. With `--features`, writes the sentences
//! with their features for `training/screen/train.py`; with `--explain`, adds the findings.
//!
//! `cargo run --release -p mail --example screen < mails.jsonl`

use std::io::{BufRead, Write};

use mail::screen::{Arrival, Screen};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mode = std::env::args().nth(1);
    let screen = Screen::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let mail = Arrival {
            subject: question["subject"].as_str().unwrap_or_default(),
            text: question["text"].as_str(),
            html: question["html"].as_str(),
        };
        let mut answer = match mode.as_deref() {
            Some("--features") => features(&screen, &mail),
            Some(_) => verdict(&screen, &mail, true),
            None => verdict(&screen, &mail, false),
        };
        answer["id"] = question["id"].clone();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn verdict(screen: &Screen, mail: &Arrival<'_>, explain: bool) -> Value {
    let seen = screen.screen(mail);
    let mut answer = json!({ "score": seen.score, "flagged": seen.flagged });
    if explain {
        let findings: Vec<Value> = seen
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "score": finding.score,
                    "reasons": finding.reasons.iter().map(|reason| reason.name()).collect::<Vec<_>>(),
                    "technique": finding.technique.map(mail::screen::Technique::name),
                    "at": finding.at,
                    "excerpt": finding.excerpt,
                })
            })
            .collect();
        answer["findings"] = json!(findings);
    }
    answer
}

fn features(screen: &Screen, mail: &Arrival<'_>) -> Value {
    let sentences: Vec<Value> = screen
        .features(mail)
        .iter()
        .map(|sentence| {
            json!({
                "text": sentence.text,
                "grams": sentence.grams,
                "signs": sentence.signs,
                "rules": sentence.rules,
                "bonus": sentence.bonus,
                "technique": sentence.technique.map(mail::screen::Technique::name),
            })
        })
        .collect();
    json!({ "sentences": sentences })
}

//! Prints everything that this crate says of each case of a corpus, so that two builds can be
//! compared octet for octet before a change of speed is believed.
//!
//! Reads the lines of `content`, `leaks` and `injection` of the corpora alike: a text (`input`,
//! `text` or `body`), an `html`, a whole message (`input_b64`).
//!
//! `cargo run --release -p mail --example answers < cases.jsonl > answers.txt`

use std::fmt::Debug;
use std::io::{BufRead, Write};

use mail::leaks::{Attached, Outgoing};
use mail::reply::Reading;
use mail::screen::{Arrival, Screen};
use serde_json::Value;

fn main() -> std::io::Result<()> {
    let screen = Screen::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let case = Case::of(&case);
        let mut say =
            |what: &str, answer: &dyn Debug| writeln!(out, "{} {what} {answer:?}", case.id);
        if let Some(raw) = &case.raw {
            let parsed = mail::parse::parse(raw);
            say("parse", &parsed)?;
            say("codes", &mail::codes::find(&parsed))?;
            say("facts", &mail::facts::of(&parsed, &parsed.headers, false))?;
            say("dsn", &mail::dsn::read(raw))?;
        }
        for strip_signature in [false, true] {
            let reading = Reading {
                strip_signature,
                ..Reading::default()
            };
            let (text, html) = (case.text.as_deref(), case.html.as_deref());
            say("reply", &mail::reply::visible_with(text, html, &reading))?;
        }
        if let Some(html) = &case.html {
            say("text of html", &mail::html::to_text(html))?;
        }
        if let Some(text) = &case.text {
            say(
                "forward",
                &mail::forward::forward(text, Some(&case.subject)),
            )?;
            say(
                "forward without subject",
                &mail::forward::forward(text, None),
            )?;
        }
        say(
            "screen",
            &screen.screen(&Arrival {
                subject: &case.subject,
                text: case.text.as_deref(),
                html: case.html.as_deref(),
            }),
        )?;
        say("leaks", &case.leaks())?;
    }
    out.flush()
}

/// The texts of a case.
struct Case {
    id: String,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    raw: Option<Vec<u8>>,
    to: Vec<String>,
    attachments: Vec<(String, String)>,
}

impl Case {
    fn of(case: &Value) -> Self {
        let field = |name: &str| case[name].as_str().map(|text| fill(text, case));
        let raw = case["input_b64"]
            .as_str()
            .and_then(|coded| data_encoding::BASE64.decode(coded.as_bytes()).ok());
        let list = |name: &str| case[name].as_array().into_iter().flatten();
        let mut this = Self {
            id: field("id").unwrap_or_default(),
            subject: field("subject").unwrap_or_default(),
            text: field("text")
                .or_else(|| field("body"))
                .or_else(|| field("input")),
            html: field("html"),
            raw,
            to: list("to")
                .filter_map(|to| to.as_str().map(str::to_owned))
                .collect(),
            attachments: list("attachments")
                .map(|file| {
                    let of = |name: &str| fill(file[name].as_str().unwrap_or_default(), case);
                    (of("name"), of("text"))
                })
                .collect(),
        };
        if let Some(parsed) = this.raw.as_deref().map(mail::parse::parse) {
            this.subject = parsed.subject.unwrap_or_default();
            this.text = parsed.text;
            this.html = parsed.html;
        }
        if case["kind"] == "reply_html" {
            this.html = this.text.take();
        }
        this
    }

    fn leaks(&self) -> Vec<mail::leaks::Finding> {
        let recipients: Vec<&str> = self.to.iter().map(String::as_str).collect();
        let attachments: Vec<Attached<'_>> = self
            .attachments
            .iter()
            .map(|(name, text)| Attached { name, text })
            .collect();
        mail::leaks::screen(&Outgoing {
            subject: &self.subject,
            text: self.text.as_deref().unwrap_or_default(),
            html: self.html.as_deref(),
            recipients: &recipients,
            attachments: &attachments,
            own: &[],
        })
    }
}

/// Puts the planted secrets of a case, which its line holds backwards and in pieces, in their
/// places.
fn fill(text: &str, case: &Value) -> String {
    let mut text = text.to_owned();
    for (name, pieces) in case["parts_rev"].as_object().into_iter().flatten() {
        let pieces = pieces.as_array().into_iter().flatten();
        let secret: String = pieces
            .filter_map(Value::as_str)
            .flat_map(|piece| piece.chars().rev())
            .collect();
        text = text.replace(&format!("[[{name}]]"), &secret);
    }
    text
}

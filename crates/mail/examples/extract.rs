//! Answers a content scorer: one JSON question a line on standard input, one JSON answer a line
//! on standard output. Kinds: `reply_text`, `reply_html`, `mime`, `forward`,
//! `thread`.
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
        "thread" => Some(threads(&question["input"])),
        _ => None,
    }
}

fn threads(input: &Value) -> Value {
    let strings = |value: &'_ Value| -> Vec<String> {
        let many = value.as_array().into_iter().flatten();
        let texts = many.chain(Some(value)).filter_map(Value::as_str);
        texts.map(ToOwned::to_owned).collect()
    };
    let addresses = |value: &Value| -> Vec<String> {
        let lists = strings(value);
        let people = lists.iter().flat_map(|list| list.split(','));
        let bare = people.map(|one| one.rsplit('<').next().unwrap_or(one));
        bare.map(|one| one.trim_matches([' ', '>']).to_owned())
            .collect()
    };
    let given: Vec<&Value> = input["messages"].as_array().into_iter().flatten().collect();
    let owned: Vec<_> = given
        .iter()
        .map(|message| {
            let people: Vec<String> = ["from", "to", "cc"]
                .iter()
                .flat_map(|field| addresses(&message[*field]))
                .collect();
            (
                strings(&message["references"]),
                strings(&message["in_reply_to"]),
                strings(&message["message_id_aliases"]),
                people,
            )
        })
        .collect();
    let messages: Vec<mail::thread::Message<'_>> = given
        .iter()
        .zip(&owned)
        .map(
            |(message, (references, in_reply_to, aliases, people))| mail::thread::Message {
                date: message["date"].as_str().and_then(|date| {
                    mail::Timestamp::parse_rfc3339(date)
                        .or_else(|| mail::Timestamp::parse_rfc5322(date))
                }),
                message_id: message["message_id"].as_str(),
                aliases: aliases.iter().map(String::as_str).collect(),
                in_reply_to: in_reply_to.iter().map(String::as_str).collect(),
                references: references.iter().map(String::as_str).collect(),
                subject: message["subject"].as_str().unwrap_or_default(),
                people: people.iter().map(String::as_str).collect(),
                thread_index: message["thread_index"].as_str(),
                thread_topic: message["thread_topic"].as_str(),
                returned_id: message["embedded_message_id"].as_str(),
                calendar_uid: message["calendar_uid"].as_str(),
            },
        )
        .collect();
    let prefixes = strings(&input["options"]["subject_prefixes"]);
    let options = mail::thread::Options {
        by_subject: input["options"]["subject_merge"] != false,
        reply_prefixes: prefixes.iter().map(String::as_str).collect(),
    };
    let groups = mail::thread::groups(&messages, &options);
    let named = |group: &Vec<usize>| -> Vec<Value> {
        group.iter().map(|&at| given[at]["id"].clone()).collect()
    };
    json!({ "groups": groups.iter().map(named).collect::<Vec<_>>() })
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

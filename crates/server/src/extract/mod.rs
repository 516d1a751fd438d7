//! `mailroost extract`: what the server understands of a message, for people and for scorers.
//!
//! | `kind` | question | answer |
//! |---|---|---|
//! | `reply_text` | `input`, `strip_signature` | `text`: the new words of a reply |
//! | `reply_html` | `input`, `strip_signature` | `html`: the same of a document |
//! | `otp` | `input_b64`: a message | `code`, `link`: null for none |
//! | `forward` | `input`, `subject` | the forwarded message, as its header block says it |
//! | `mime` | `input_b64` | what the message consists of by the letter; `recovered`: what else was found in it |
//! | `thread` | `input`: messages | `groups`: the ids of each conversation |

mod thread;

use mail::parse::{Parsed, Recovered};
use serde_json::{Map, Value, json};

/// The answer to one question. A question that cannot be answered is told so in `error`.
pub fn answer(question: &Map<String, Value>) -> Map<String, Value> {
    let kind = question.get("kind").and_then(Value::as_str);
    let reading = mail::reply::Reading {
        strip_signature: question.get("strip_signature") == Some(&Value::Bool(true)),
        ..mail::reply::Reading::default()
    };
    let answer = match kind {
        Some("reply_text") => text(question).map(
            |input| json!({ "text": mail::reply::visible_with(Some(input), None, &reading).text }),
        ),
        Some("reply_html") => text(question).map(
            |input| json!({ "html": mail::reply::visible_with(None, Some(input), &reading).html }),
        ),
        Some("otp") => message(question).map(|message| {
            let found = mail::codes::find(&message);
            json!({
                "code": found.code.map(|code| code.value),
                "link": found.link.map(|link| link.url),
            })
        }),
        Some("forward") => text(question).map(|input| {
            let subject = question.get("subject").and_then(Value::as_str);
            forwarded(input, subject)
        }),
        Some("thread") => question
            .get("input")
            .map(thread::answer)
            .ok_or_else(|| "the question has no input; give the messages".to_owned()),
        Some("mime") => message(question).map(|message| parts(&message)),
        Some(other) => Err(format!(
            "the kind {other:?} is not known; use reply_text, reply_html, otp, forward, mime or thread"
        )),
        None => Err(
            "the question has no kind; use reply_text, reply_html, otp, forward, mime or thread"
                .to_owned(),
        ),
    };
    match answer.unwrap_or_else(|error| json!({ "error": error })) {
        Value::Object(answer) => answer,
        _ => Map::new(),
    }
}

fn text(question: &Map<String, Value>) -> Result<&str, String> {
    let input = question.get("input").and_then(Value::as_str);
    input.ok_or_else(|| "the question has no input; give the text as a string".to_owned())
}

fn message(question: &Map<String, Value>) -> Result<Parsed, String> {
    let encoded = question.get("input_b64").and_then(Value::as_str);
    let encoded = encoded.ok_or("the question has no input_b64; give the message in Base64")?;
    let raw = data_encoding::BASE64.decode(encoded.as_bytes());
    let raw = raw.map_err(|error| format!("input_b64 is not Base64: {error}"))?;
    Ok(mail::parse::parse(&raw))
}

fn forwarded(text: &str, subject: Option<&str>) -> Value {
    let Some(found) = mail::forward::forward(text, subject) else {
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

fn parts(message: &Parsed) -> Value {
    let addresses = |people: &[mail::Correspondent]| -> Vec<String> {
        // A lone word without a domain is a name, unless it stands in angle brackets after one.
        let is_address = |person: &&mail::Correspondent| {
            person.address.contains('@') || (person.name.is_some() && !person.address.is_empty())
        };
        let people = people.iter().filter(is_address);
        people.map(|person| person.address.clone()).collect()
    };
    // One part, as other parsers tell it; readers of mail see all of them.
    let text = message.text.as_ref().filter(|_| !message.text_from_html);
    let text = text.and_then(|text| text.get(message.first_text.clone()));
    let html = message.html.as_ref();
    let html = html.and_then(|html| html.get(..message.first_html));
    let names = message.attachments.iter();
    let names: Vec<_> = names.map(|file| file.declared_name.as_ref()).collect();
    let saved_as = message.attachments.iter();
    let saved_as: Vec<_> = saved_as.map(|file| file.filename.as_ref()).collect();
    let mut answer = json!({
        "subject": message.subject,
        "from": addresses(&message.from),
        "to": addresses(&message.to),
        "message_id": message.message_id.as_ref().map(mail::MessageId::bare),
        "date": message.date.map(mail::Timestamp::as_secs),
        "text": text,
        "html": html,
        "attachments": names,
        "saved_as": saved_as,
    });
    // What the message has by the letter, and beside it what was found all the same.
    let empty = json!({ "text": null, "html": null, "attachments": [], "saved_as": [] });
    let strict = match message.recovered {
        Recovered::Nothing => return answer,
        Recovered::Opening(octets) => {
            let above = octets.saturating_sub(message.first_text.start);
            json!({ "text": text.and_then(|text| text.get(above..)) })
        }
        Recovered::Everything => empty,
    };
    if let (Value::Object(answer), Value::Object(strict)) = (&mut answer, strict) {
        let found = strict.into_iter().filter_map(|(name, value)| {
            let found = answer.insert(name.clone(), value)?;
            Some((name, found))
        });
        let found: Map<String, Value> = found.collect();
        answer.insert("recovered".to_owned(), Value::Object(found));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: Value) -> Value {
        match question {
            Value::Object(question) => Value::Object(answer(&question)),
            _ => Value::Null,
        }
    }

    #[test]
    fn questions_are_answered_and_mistakes_are_named() {
        let message = "Subject: Code\r\n\r\nYour login code is 482913.\r\n";
        let message = data_encoding::BASE64.encode(message.as_bytes());
        for (question, want) in [
            (
                json!({ "kind": "reply_text", "input": "Yes.\n\nOn Monday Ann wrote:\n> Coming?" }),
                json!({ "text": "Yes." }),
            ),
            (
                json!({ "kind": "otp", "input_b64": message }),
                json!({ "code": "482913", "link": null }),
            ),
            (
                json!({ "kind": "otp", "input_b64": "*" }),
                json!({ "error": "input_b64 is not Base64: invalid length at 0" }),
            ),
            (
                json!({ "kind": "poem" }),
                json!({ "error": "the kind \"poem\" is not known; use reply_text, reply_html, otp, forward, mime or thread" }),
            ),
        ] {
            assert_eq!(asked(question), want);
        }
        let parts = asked(json!({ "kind": "mime", "input_b64": message }));
        assert_eq!(parts["subject"], "Code");
        // A boundary that never comes: by the letter there is no text.
        let broken = "Content-Type: multipart/mixed; boundary=b\r\n\r\nHello\r\n";
        let broken = data_encoding::BASE64.encode(broken.as_bytes());
        let parts = asked(json!({ "kind": "mime", "input_b64": broken }));
        assert_eq!(parts["text"], Value::Null);
        assert_eq!(parts["recovered"]["text"], "Hello");
    }
}

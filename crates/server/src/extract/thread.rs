//! Questions about conversations: messages as JSON to groups of their ids.

use mail::Timestamp;
use mail::thread::{Message, Options, groups};
use serde_json::{Value, json};

/// `{ "messages": [ … ], "options": { … } }` to `{ "groups": [ [id, …], … ] }`. What a message lacks is
/// taken for absent.
pub(super) fn answer(input: &Value) -> Value {
    let given: Vec<&Value> = array(input, "messages").collect();
    let lists: Vec<Lists> = given.iter().map(|message| Lists::of(message)).collect();
    let messages: Vec<Message<'_>> = given
        .iter()
        .zip(&lists)
        .map(|(message, lists)| lists.message(message))
        .collect();
    let options = input.get("options").cloned().unwrap_or_default();
    let prefixes = strings(&options, "subject_prefixes");
    let options = Options {
        by_subject: options.get("subject_merge") != Some(&Value::Bool(false)),
        reply_prefixes: prefixes.iter().map(String::as_str).collect(),
    };
    let named = |group: &Vec<usize>| -> Vec<Value> {
        let messages = group.iter().filter_map(|at| given.get(*at));
        messages
            .map(|message| message.get("id").cloned().unwrap_or_default())
            .collect()
    };
    let groups = groups(&messages, &options);
    json!({ "groups": groups.iter().map(named).collect::<Vec<_>>() })
}

/// The fields of a message that have several values.
struct Lists {
    references: Vec<String>,
    in_reply_to: Vec<String>,
    aliases: Vec<String>,
    people: Vec<String>,
}

impl Lists {
    fn of(message: &Value) -> Self {
        let people = ["from", "to", "cc"].iter();
        let people = people.flat_map(|field| strings(message, field));
        let people = people.flat_map(|list| list.split(',').map(bare).collect::<Vec<_>>());
        Self {
            references: strings(message, "references"),
            in_reply_to: strings(message, "in_reply_to"),
            aliases: strings(message, "message_id_aliases"),
            people: people.collect(),
        }
    }

    fn message<'a>(&'a self, message: &'a Value) -> Message<'a> {
        let text = |field: &str| message.get(field).and_then(Value::as_str);
        let date = |date| Timestamp::parse_rfc3339(date).or_else(|| Timestamp::parse_rfc5322(date));
        Message {
            date: text("date").and_then(date),
            message_id: text("message_id"),
            aliases: borrowed(&self.aliases),
            in_reply_to: borrowed(&self.in_reply_to),
            references: borrowed(&self.references),
            subject: text("subject").unwrap_or_default(),
            people: borrowed(&self.people),
            thread_index: text("thread_index"),
            thread_topic: text("thread_topic"),
            returned_id: text("embedded_message_id"),
            calendar_uid: text("calendar_uid"),
        }
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// `Ann <ann@a.example>` without the name.
fn bare(person: &str) -> String {
    let address = person.rsplit('<').next().unwrap_or(person);
    address.trim_matches([' ', '>']).to_owned()
}

fn array<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    of.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The texts of a field, whether it has one or a list of them.
fn strings(of: &Value, field: &str) -> Vec<String> {
    let one = of.get(field).and_then(Value::as_str);
    let many = array(of, field).filter_map(Value::as_str);
    one.into_iter().chain(many).map(str::to_owned).collect()
}

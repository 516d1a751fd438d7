//! Whole messages as clients send them, with what is expected of them beside each: `name.eml` and
//! `name.json`. Keys that a JSON file leaves out are not checked.

use std::path::Path;

use mail::{parse, reply};
use serde_json::{Value, json};

#[test]
fn every_message_of_the_corpus_reads_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut checked = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        let expected = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let got = shown(&raw);
        for (key, want) in expected.as_object().unwrap() {
            assert_eq!(&got[key], want, "{key} of {}", path.display());
        }
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} messages found");
}

/// Cutting, doubling and overwriting real messages gives messages that are read too.
#[test]
fn mutated_messages_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        // A small generator with a fixed beginning: the same mutations on every run.
        let mut state = 0x9E37_79B9_u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below.max(1)
        };
        for _ in 0..300 {
            let mut mutated = raw.clone();
            for _ in 0..=next(4) {
                let at = next(mutated.len());
                match next(4) {
                    0 => mutated.truncate(at),
                    1 => {
                        let end = (at + next(200)).min(mutated.len());
                        let piece = mutated[at..end].to_vec();
                        mutated.splice(at..at, piece);
                    }
                    2 => {
                        mutated.drain(at..(at + next(50)).min(mutated.len()));
                    }
                    _ => {
                        if let Some(byte) = mutated.get_mut(at) {
                            *byte = u8::try_from(next(256)).unwrap();
                        }
                    }
                }
            }
            let parsed = parse::parse(&mutated);
            for file in &parsed.attachments {
                let bytes = parse::attachment(&mutated, file.part).unwrap();
                assert_eq!(bytes.len(), file.size);
            }
            let seen = reply::visible(parsed.text.as_deref(), parsed.html.as_deref());
            assert_eq!(seen.text.is_some(), parsed.text.is_some());
        }
    }
}

fn shown(raw: &[u8]) -> Value {
    let parsed = parse::parse(raw);
    let text = parsed.text.as_deref().filter(|_| !parsed.text_from_html);
    let seen = reply::visible(text, parsed.html.as_deref());
    let people =
        |people: &[mail::Correspondent]| people.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "from": people(&parsed.from),
        "to": people(&parsed.to),
        "cc": people(&parsed.cc),
        "subject": parsed.subject,
        "date": parsed.date.map(|date| date.to_string()),
        "message_id": parsed.message_id.as_ref().map(mail::MessageId::as_str),
        "ancestors": mail::thread_key::ancestors(&parsed).iter().map(mail::MessageId::as_str).collect::<Vec<_>>(),
        "text": parsed.text,
        "html": parsed.html,
        "text_from_html": parsed.text_from_html,
        "new_text": seen.text,
        "new_html": seen.html,
        "preview": parsed.preview(),
        "attachments": parsed.attachments.iter().map(|file| json!({
            "filename": file.filename,
            "content_type": file.content_type,
            "inline": file.disposition == Some(parse::Disposition::Inline),
            "content_id": file.content_id,
            "size": file.size,
        })).collect::<Vec<_>>(),
        "defects": parsed.defects.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

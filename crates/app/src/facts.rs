//! What a message says it is: found when it arrives, kept with it, and shown.
//!
//! A sender writes all of it, so each text has a length of its own: a message has few facts, and an
//! event always has room for them.

use mail::facts::{self as found, Value, Words};
use mail::parse::Parsed;
use model::fact::{Absence, Fact, FactValue, Invitation, Moment};
use model::message::Content;

use crate::render::shorten;

/// Characters of the name of an event, of a place, and of an address.
const LONGEST: usize = 320;
/// Characters of a name that only programs read.
const LONGEST_ID: usize = 255;
/// Characters of a word of the standard, and of the name of a zone.
const LONGEST_WORD: usize = 64;

/// What a message is: `outward` is what `mail::facts::without_words` said of it, the words are the
/// new ones in `content`.
pub(crate) fn kept(outward: &[found::Fact], parsed: &Parsed, content: &Content) -> Vec<Fact> {
    let new_text = content.extracted_text.as_deref().unwrap_or_default();
    let mut facts = outward.to_vec();
    let words = Words {
        parsed,
        headers: &content.headers,
        new_text,
    };
    found::add_words(&mut facts, &words);
    let fact = |fact: found::Fact| Fact {
        kind: fact.kind.name().to_owned(),
        evidence: fact.evidence,
        span: fact.span.map(|span| {
            let characters = |to: usize| new_text.get(..to).unwrap_or_default().chars().count();
            (characters(span.start), characters(span.end))
        }),
        value: fact.value.map(value),
    };
    facts.into_iter().map(fact).collect()
}

fn value(value: Value) -> FactValue {
    match value {
        Value::Absence(absence) => {
            let day = |day: Option<found::Day>| day.map(|day| day.to_string());
            FactValue::Absence(Absence {
                from: day(absence.from),
                until: day(absence.until),
                returns: day(absence.returns()),
            })
        }
        Value::Invitation(event) => FactValue::Invitation(Box::new(invitation(*event))),
        Value::Language(language) => FactValue::Language {
            code: language.code.to_owned(),
            confidence: language.confidence,
        },
    }
}

fn invitation(event: found::Invitation) -> Invitation {
    let at_most = |most: usize| {
        move |mut text: String| {
            shorten(&mut text, most);
            text
        }
    };
    let (text, id, word) = (at_most(LONGEST), at_most(LONGEST_ID), at_most(LONGEST_WORD));
    Invitation {
        method: event.method.map(word),
        uid: event.uid.map(id),
        summary: event.summary.map(text),
        location: event.location.map(text),
        start: event.start.map(moment),
        end: event.end.map(moment),
        organizer: event.organizer.map(text),
        organizer_name: event.organizer_name.map(text),
        guests: event.guests,
        answer: event.answer.map(word),
        recurrence: event.recurrence.map(id),
        status: event.status.map(word),
        sequence: event.sequence,
    }
}

fn moment(moment: found::Moment) -> Moment {
    let at = moment.instant().map(mail::Timestamp::as_micros);
    let time = |of_day: u32| {
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        format!("{hour:02}:{minute:02}:{second:02}")
    };
    Moment {
        date: moment.day.to_string(),
        time: moment.seconds.map(time),
        zone: moment.zone.map(|mut zone| {
            shorten(&mut zone, LONGEST_WORD);
            zone
        }),
        at,
    }
}

/// Facts as messages and events show them.
pub(crate) fn shown(facts: &[Fact]) -> Vec<wire::Fact> {
    facts.iter().map(shown_one).collect()
}

fn shown_one(fact: &Fact) -> wire::Fact {
    let mut shown = wire::Fact {
        kind: fact.kind.clone(),
        evidence: fact.evidence.clone(),
        start: fact.span.map(|(start, _)| start),
        end: fact.span.map(|(_, end)| end),
        ..wire::Fact::default()
    };
    match &fact.value {
        Some(FactValue::Absence(absence)) => {
            shown.absence = Some(wire::Absence {
                from: absence.from.clone(),
                until: absence.until.clone(),
                returns: absence.returns.clone(),
            });
        }
        Some(FactValue::Invitation(event)) => shown.invitation = Some(shown_event(event)),
        Some(FactValue::Language { code, confidence }) => {
            shown.language = Some(code.clone());
            shown.confidence = Some(*confidence);
        }
        None => {}
    }
    shown
}

fn shown_event(event: &Invitation) -> wire::Invitation {
    wire::Invitation {
        method: event.method.clone(),
        uid: event.uid.clone(),
        summary: event.summary.clone(),
        location: event.location.clone(),
        start: event.start.as_ref().map(shown_moment),
        end: event.end.as_ref().map(shown_moment),
        organizer: event.organizer.clone(),
        organizer_name: event.organizer_name.clone(),
        guests: event.guests,
        answer: event.answer.clone(),
        recurrence: event.recurrence.clone(),
        status: event.status.clone(),
        sequence: event.sequence,
    }
}

fn shown_moment(moment: &Moment) -> wire::Moment {
    let at = moment.at.map(mail::Timestamp::from_micros);
    wire::Moment {
        date: moment.date.clone(),
        time: moment.time.clone(),
        zone: moment.zone.clone(),
        at: at.map(|at| at.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use mail::parse::parse;

    use super::*;

    fn facts_of(raw: &str) -> Vec<Fact> {
        let mut parsed = parse(raw.as_bytes());
        let content = Content {
            extracted_text: parsed.text.clone(),
            headers: std::mem::take(&mut parsed.headers),
            ..Content::default()
        };
        let outward = found::without_words(raw.as_bytes(), &parsed, &content.headers, false);
        kept(&outward, &parsed, &content)
    }

    #[test]
    fn a_monstrous_invitation_is_kept_small() {
        let long = "ü\\\"\u{1}".repeat(20_000);
        let calendar = format!(
            "BEGIN:VCALENDAR\r\nMETHOD:{long}\r\nBEGIN:VEVENT\r\nUID:{long}\r\nSUMMARY:{long}\r\n\
             LOCATION:{long}\r\nSTATUS:{long}\r\nRRULE:{long}\r\nDTSTART;TZID={}:20260612T093000\r\n\
             ORGANIZER;CN={}:mailto:{long}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "z".repeat(90_000),
            "n".repeat(90_000),
        );
        let raw = format!(
            "From: a@b.test\r\nList-Id: {}\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n{calendar}",
            "l".repeat(90_000)
        );
        let facts = facts_of(&raw);
        assert!(
            facts.iter().any(|fact| fact.kind == "invitation"),
            "{facts:?}"
        );
        let json = serde_json::to_string(&shown(&facts)).unwrap();
        assert!(json.len() < 16 << 10, "{}", json.len());
    }

    #[test]
    fn words_are_found_by_characters_of_the_new_text() {
        let facts = facts_of(
            "From: a@b.test\r\nDate: Mon, 10 Aug 2026 10:00:00 +0000\r\nAuto-Submitted: auto-replied\r\n\
             Subject: Abwesend\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
             Schöne Grüße! Ich bin bis zum 24. August 2026 nicht im Büro.\r\n",
        );
        let away = facts
            .iter()
            .find(|fact| fact.kind == "out_of_office")
            .unwrap();
        let (start, end) = away.span.unwrap();
        let text = "Schöne Grüße! Ich bin bis zum 24. August 2026 nicht im Büro.";
        let words: String = text.chars().skip(start).take(end - start).collect();
        assert_eq!(words, away.evidence);
        let until = match &away.value {
            Some(FactValue::Absence(absence)) => absence.until.as_deref(),
            _ => None,
        };
        assert_eq!(until, Some("2026-08-24"));
    }
}

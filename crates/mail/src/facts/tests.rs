use super::*;
use proptest::prelude::*;

fn kinds(header: &str) -> Vec<&'static str> {
    let parsed = crate::parse::parse(format!("{header}\r\n\r\nx\r\n").as_bytes());
    let facts = of(&parsed, &parsed.headers, false);
    facts.iter().map(|fact| fact.kind.name()).collect()
}

#[test]
fn the_header_says_what_a_message_is() {
    for (header, expected) in [
        ("Subject: hi", vec![]),
        ("Auto-Submitted: no", vec![]),
        ("Auto-Submitted: NO; x=1", vec![]),
        (
            "Auto-Submitted: auto-replied (vacation)",
            vec!["auto_reply"],
        ),
        ("Auto-Submitted: auto-generated", vec!["auto_generated"]),
        (
            "Auto-Submitted: auto-generated\r\nX-Autoreply: yes",
            vec!["auto_generated", "auto_reply"],
        ),
        (
            "X-AUTOREPLY: yes\r\nPrecedence: bulk",
            vec!["auto_reply", "bulk"],
        ),
        ("Precedence: list\r\nList-Id: <a.b>", vec!["mailing_list"]),
        ("List-Unsubscribe: <mailto:a@b.c>", vec!["bulk"]),
        ("Precedence: first-class", vec![]),
        ("Delivered-To: autoresponder", vec!["auto_reply"]),
        ("Delivered-To: autoresponder@a.example", vec![]),
        (
            "Content-Type: text/calendar; method=REQUEST",
            vec!["calendar"],
        ),
        (
            "Content-Type: multipart/report; boundary=b;\r\n report-type=\"delivery-status\"",
            vec!["bounce"],
        ),
        (
            "Content-Type: multipart/report; report-type = feedback-report",
            vec!["complaint"],
        ),
        (
            "Content-Type: multipart/report; report-type=disposition-notification",
            vec!["receipt"],
        ),
        ("Content-Type: multipart/report", vec![]),
    ] {
        assert_eq!(kinds(header), expected, "{header}");
    }
}

#[test]
fn a_fact_has_its_evidence_and_an_end() {
    let long = format!(
        "List-Id: {}\r\nReceived: a\r\nreceived: b\r\n\r\n",
        "x".repeat(10_000)
    );
    let parsed = crate::parse::parse(long.as_bytes());
    let facts = of(&parsed, &parsed.headers, true);
    assert_eq!(facts[0].evidence.chars().count(), EVIDENCE);
    assert_eq!(facts[1].evidence, "MAIL FROM:<>");
    assert_eq!(hops(&parsed.headers), 2);
}

fn all_of(raw: &str) -> Vec<Fact> {
    let parsed = crate::parse::parse(raw.as_bytes());
    let new_text = crate::reply::visible(parsed.text.as_deref(), None).text;
    all(&Source {
        raw: raw.as_bytes(),
        parsed: &parsed,
        headers: &parsed.headers,
        new_text: new_text.as_deref().unwrap_or_default(),
        null_sender: false,
    })
}

fn find(facts: &[Fact], kind: Kind) -> Option<&Fact> {
    facts.iter().find(|fact| fact.kind == kind)
}

#[test]
fn an_absence_is_found_with_the_day_of_return_and_its_words() {
    let facts = all_of(
        "Auto-Submitted: auto-replied\r\nSubject: Automatic reply: Offer\r\nDate: Mon, 01 Jun 2026 23:30:00 -0700\r\n\r\n\
         Hello,\r\n\r\nI am out of the office and will\r\nreturn tomorrow.\r\n\r\n> I am away until 9 June\r\n",
    );
    let fact = find(&facts, Kind::OutOfOffice).unwrap();
    assert_eq!(
        fact.evidence,
        "I am out of the office and will return tomorrow."
    );
    assert!(fact.span.is_some());
    let Some(Value::Absence(absence)) = &fact.value else {
        unreachable!("an absence has its days")
    };
    assert_eq!(absence.returns(), Day::new(2026, 6, 2));
    assert!(find(&facts, Kind::AutoReply).is_some());
    assert!(find(&facts, Kind::UnsubscribeRequest).is_none());
}

#[test]
fn an_invitation_is_found_with_its_event() {
    let facts = all_of(
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nPlease come to the meeting\r\n--b\r\n\
         Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n\
         SUMMARY:Plans\r\nDTSTART:20260612T093000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n",
    );
    let Some(Value::Invitation(event)) = &find(&facts, Kind::Invitation).unwrap().value else {
        unreachable!("an invitation has its event")
    };
    assert_eq!(event.summary.as_deref(), Some("Plans"));
    assert!(find(&facts, Kind::Calendar).is_some());
}

#[test]
fn a_request_to_leave_counts_only_from_a_person() {
    let ask = "Subject: Re: News\r\n\r\nPlease unsubscribe me from this list.\r\n";
    let facts = all_of(ask);
    let fact = find(&facts, Kind::UnsubscribeRequest).unwrap();
    assert_eq!(fact.evidence, "Please unsubscribe me from this list.");
    for field in [
        "List-Unsubscribe: <mailto:a@b.c>",
        "Auto-Submitted: auto-replied",
        "List-Id: <a.b>",
    ] {
        let facts = all_of(&format!("{field}\r\n{ask}"));
        assert!(find(&facts, Kind::UnsubscribeRequest).is_none(), "{field}");
    }
}

#[test]
fn the_language_is_that_of_the_new_words() {
    let facts = all_of(
        "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVielen Dank, das passt für mich sehr gut.\r\n\r\nOn Monday Ann wrote:\r\n> Could you have a look at the plans that we have made for the house?\r\n",
    );
    let Some(Value::Language(language)) = find(&facts, Kind::Language).unwrap().value else {
        unreachable!("a language has its code")
    };
    assert_eq!(language.code, "de");
}

#[test]
fn signatures_and_encryption_are_named() {
    for (raw, kind) in [
        (
            "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b--\r\n",
            Kind::Encrypted,
        ),
        (
            "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\r\n\r\n--b--\r\n",
            Kind::Signed,
        ),
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx",
            Kind::Encrypted,
        ),
        (
            "Content-Type: application/x-pkcs7-mime; smime-type=signed-data\r\n\r\nx",
            Kind::Signed,
        ),
        (
            "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n",
            Kind::Encrypted,
        ),
    ] {
        assert!(find(&all_of(raw), kind).is_some(), "{raw}");
    }
}

proptest! {
    #[test]
    fn any_message_has_its_facts_once_and_in_their_place(
        head in "(Subject: (Automatic reply|unsubscribe|\\PC{0,20})\r\n|Date: Mon, 01 Jun 2026 10:00:00 [+-]0[0-9]00\r\n|Content-Type: text/(plain|calendar|html)\r\n){0,4}",
        body in "(BEGIN:VEVENT\n|I am out of the office |until |back |please unsubscribe me\n|[0-9]{1,4}[./-]|June |\\PC|\n){0,30}",
    ) {
        let raw = format!("{head}\r\n{body}");
        let parsed = crate::parse::parse(raw.as_bytes());
        let text = parsed.text.clone().unwrap_or_default();
        let facts = all(&Source {
            raw: raw.as_bytes(),
            parsed: &parsed,
            headers: &parsed.headers,
            new_text: &text,
            null_sender: false,
        });
        for (at, fact) in facts.iter().enumerate() {
            prop_assert!(facts[..at].iter().all(|other| other.kind != fact.kind));
            prop_assert!(fact.evidence.chars().count() <= EVIDENCE);
            if let Some(span) = &fact.span {
                prop_assert!(text.get(span.clone()).is_some());
            }
        }
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    for unit in [
        "out of the office until 1.2.",
        "unsubscribe ",
        "BEGIN:VEVENT\n",
        "the ",
        "1-",
        "\n\n",
        "ngày 1 ",
        "a\u{301}",
    ] {
        let raw = format!(
            "Subject: Automatic reply\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}",
            unit.repeat(100_000)
        );
        let parsed = crate::parse::parse(raw.as_bytes());
        let text = parsed.text.clone().unwrap_or_default();
        let _ = all(&Source {
            raw: raw.as_bytes(),
            parsed: &parsed,
            headers: &parsed.headers,
            new_text: &text,
            null_sender: true,
        });
    }
}

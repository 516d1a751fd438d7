//! What a message says it is: out of office, invitation, request to leave a list, language.

use serde_json::{Value, json};

use crate::running::soon;
use crate::world::{World, column, each_engine, letter};

/// The facts of a message, which its event told in the same words.
async fn facts(world: &World, inbox: &str, id: &str) -> Vec<Value> {
    let message = world.message(inbox, id).await;
    let log = world.get("/v0/events?event_types=message.received").await;
    let told = log["events"].as_array().unwrap().iter();
    let told = told
        .map(|event| &event["message"])
        .find(|told| told["message_id"] == id && told["inbox_id"] == inbox);
    let told = told.expect("every arrival is told");
    assert_eq!(told.get("facts"), message.get("facts"), "{told}");
    message
        .get("facts")
        .map_or_else(Vec::new, |facts| facts.as_array().unwrap().clone())
}

fn of<'a>(facts: &'a [Value], kind: &str) -> Option<&'a Value> {
    facts.iter().find(|fact| fact["kind"] == kind)
}

const AWAY: &str = "From: Bea <bea@outside.test>\r\nTo: {to}\r\nSubject: Abwesenheit\r\nMessage-ID: <away@outside.test>\r\n\
    Auto-Submitted: auto-replied\r\nDate: Mon, 10 Aug 2026 10:00:00 +0200\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    Schöne Grüße! Vielen Dank für Ihre Nachricht.\r\n\r\nIch bin bis zum 24. August 2026 nicht im Büro.\r\n\r\n\
    Am 10.08.2026 schrieb Bot:\r\n> Please unsubscribe me.\r\n";

#[tokio::test]
async fn who_is_away_says_until_when_and_in_which_language() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world.mail(&inbox, AWAY.replace("{to}", &inbox)).await;
        let facts = facts(world, &inbox, "<away@outside.test>").await;
        let kinds = column(&facts, "kind");
        assert_eq!(
            kinds,
            ["auto_reply", "out_of_office", "language"],
            "{facts:?}"
        );
        let away = of(&facts, "out_of_office").unwrap();
        assert_eq!(away["absence"]["until"], "2026-08-24");
        assert_eq!(away["absence"]["returns"], "2026-08-24");
        let message = world.message(&inbox, "<away@outside.test>").await;
        let place = |name: &str| usize::try_from(away[name].as_u64().unwrap()).unwrap();
        let text = message["extracted_text"].as_str().unwrap().chars();
        let words: String = text
            .skip(place("start"))
            .take(place("end") - place("start"))
            .collect();
        assert_eq!(words, away["evidence"], "{away}");
        let language = of(&facts, "language").unwrap();
        assert_eq!(language["language"], "de");
        assert!(language["confidence"].as_u64().unwrap() >= 50);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_says_what_when_and_by_whom() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = format!(
            "From: Bea <bea@outside.test>\r\nTo: {inbox}\r\nSubject: Invitation\r\nMessage-ID: <event@outside.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
             Please come to our meeting on Friday.\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n\
             BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@outside.test\r\nSUMMARY:Planung\\, Teil 2\r\n\
             DTSTART:20260828T093000Z\r\nDURATION:PT45M\r\nLOCATION:Raum 5\r\nSEQUENCE:2\r\n\
             ORGANIZER;CN=Bea:mailto:bea@outside.test\r\nATTENDEE:mailto:{inbox}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"
        );
        world.mail(&inbox, raw).await;
        let facts = facts(world, &inbox, "<event@outside.test>").await;
        let event = &of(&facts, "invitation").unwrap()["invitation"];
        assert_eq!(
            *event,
            json!({
                "method": "REQUEST", "uid": "1@outside.test", "summary": "Planung, Teil 2", "location": "Raum 5",
                "start": {"date": "2026-08-28", "time": "09:30:00", "zone": "UTC", "at": "2026-08-28T09:30:00.000Z"},
                "end": {"date": "2026-08-28", "time": "10:15:00", "zone": "UTC", "at": "2026-08-28T10:15:00.000Z"},
                "organizer": "bea@outside.test", "organizer_name": "Bea", "guests": 1, "sequence": 2,
            })
        );
        assert!(of(&facts, "calendar").is_some(), "{facts:?}");
        assert_eq!(of(&facts, "language").unwrap()["language"], "en");
    })
    .await;
}

#[tokio::test]
async fn what_is_quoted_without_any_mark_is_nobodys_request() {
    each_engine(async |world| {
        // One inbox has the message that is answered, the other does not.
        let (knows, strange) = (world.inbox().await, world.inbox().await);
        // Without any mark a quotation must have fifteen words to be proven.
        let asked = "Bitte nehmen Sie mich bald aus dem Verteiler mit Ihren Nachrichten, denn ich habe \
            eine neue Arbeit und brauche sie nun dort.";
        world
            .mail(&knows, letter(&knows, "asked@outside.test", "List", asked))
            .await;
        let first = facts(world, &knows, "<asked@outside.test>").await;
        let request = of(&first, "unsubscribe_request").expect("it is asked");
        assert_eq!(request["evidence"], asked);
        for inbox in [&knows, &strange] {
            let raw = format!(
                "From: carl@outside.test\r\nTo: {inbox}\r\nSubject: Re: List\r\nMessage-ID: <answer@outside.test>\r\n\
                 In-Reply-To: <asked@outside.test>\r\n\r\n\
                 I have seen to it today, and it is done.\r\n\r\n{asked}\r\n"
            );
            world.mail(inbox, raw).await;
        }
        let known = facts(world, &knows, "<answer@outside.test>").await;
        assert!(of(&known, "unsubscribe_request").is_none(), "{known:?}");
        let unknown = facts(world, &strange, "<answer@outside.test>").await;
        assert!(of(&unknown, "unsubscribe_request").is_some(), "{unknown:?}");
    })
    .await;
}

#[tokio::test]
async fn a_kind_of_mail_can_be_waited_for() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let other = letter(&inbox, "x@outside.test", "Hello", "See you at twelve.");
        world.mail(&inbox, other).await;
        let path = format!("/v0/inboxes/{inbox}/wait?fact=out_of_office&fact=auto_reply");
        let none = soon(world.get(&format!("{path}&timeout=0"))).await;
        assert_eq!(none["timed_out"], true, "{none}");
        world.mail(&inbox, AWAY.replace("{to}", &inbox)).await;
        let found = soon(world.get(&format!("{path}&timeout=100"))).await;
        assert_eq!(found["message"]["message_id"], "<away@outside.test>");
        let both = format!("{path}&fact=invitation&timeout=0");
        assert_eq!(soon(world.get(&both)).await["timed_out"], true);
        let wrong = format!("/v0/inboxes/{inbox}/wait?fact=holiday");
        world
            .refused("GET", &wrong, Value::Null, (400, "validation_error"))
            .await;
    })
    .await;
}

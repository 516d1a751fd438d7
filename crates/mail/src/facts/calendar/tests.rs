use super::*;
use proptest::prelude::*;

const MEETING: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\n\
DTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n\
BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\n\
END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nORGANIZER;CN=\"Lee; Ann\":mailto:ann@a.example\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@b.example\r\n\
SUMMARY;LANGUAGE=en-US:Plans\\, and mo\r\n re\r\nDTSTART;TZID=W. Europe Standard Time:20260612T093000\r\nDURATION:PT1H30M\r\n\
RRULE:FREQ=WEEKLY;COUNT=10\r\nUID:1@a.example\r\nSEQUENCE:2\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nSUMMARY:alarm\r\nEND:VALARM\r\nLOCATION:Room 7\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nSUMMARY:second\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn an_invitation_says_what_when_and_who() {
    let read = read(MEETING).unwrap();
    assert_eq!(read.method.as_deref(), Some("REQUEST"));
    assert_eq!(read.summary.as_deref(), Some("Plans, and more"));
    assert_eq!(read.organizer.as_deref(), Some("ann@a.example"));
    assert_eq!(read.organizer_name.as_deref(), Some("Lee; Ann"));
    assert_eq!(read.location.as_deref(), Some("Room 7"));
    assert_eq!(read.recurrence.as_deref(), Some("FREQ=WEEKLY;COUNT=10"));
    assert_eq!((read.guests, read.sequence, read.answer), (1, 2, None));
    let instant = |moment: &Option<Moment>| {
        moment
            .as_ref()
            .and_then(Moment::instant)
            .map(|at| at.to_string())
    };
    assert_eq!(
        instant(&read.start).as_deref(),
        Some("2026-06-12T07:30:00.000Z")
    );
    assert_eq!(
        instant(&read.end).as_deref(),
        Some("2026-06-12T09:00:00.000Z")
    );
}

#[test]
fn days_instants_and_answers_are_read() {
    let event = |lines: &str| {
        read(&format!(
            "BEGIN:VCALENDAR\nMETHOD:reply\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\n"
        ))
        .unwrap()
    };
    let whole = event("DTSTART;VALUE=DATE:20260612\nDURATION:P2D")
        .end
        .unwrap();
    assert_eq!(
        (whole.day.to_string().as_str(), whole.seconds),
        ("2026-06-14", None)
    );
    let late = event("DTSTART:20261231T233000Z\nDURATION:PT45M")
        .end
        .unwrap();
    assert_eq!(
        late.instant().unwrap().to_string(),
        "2027-01-01T00:15:00.000Z"
    );
    let winter = event("DTSTART;TZID=Europe/Berlin:20260112T093000")
        .start
        .unwrap();
    assert_eq!(
        (winter.zone.as_deref(), winter.instant()),
        (Some("Europe/Berlin"), None)
    );
    let answer = event("ATTENDEE;PARTSTAT=accepted;CN=Bob:MAILTO:bob@b.example").answer;
    assert_eq!(answer.as_deref(), Some("ACCEPTED"));
    assert_eq!(event("DTSTART:20261350T000000Z").start, None);
    assert_eq!(read("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR"), None);
    assert_eq!(read(""), None);
}

proptest! {
    #[test]
    fn any_object_has_an_answer(text in "(BEGIN:|END:|VEVENT|VTIMEZONE|STANDARD|\n|DTSTART:|RRULE:BYDAY=|[0-9TZ;=:\"+-]|\\PC){0,60}") {
        let _ = read(&text);
        let _ = read(&format!("BEGIN:VEVENT\nDTSTART:{text}\nDURATION:P{text}\n"));
    }
}

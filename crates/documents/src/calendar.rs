//! Appointments (RFC 5545) as lines that a person would write.

use crate::plain::decode;
use crate::writer::Writer;
use crate::{Kind, Text};

/// What is shown of an appointment, in this order, and under which name.
const SHOWN: [(&str, &str); 15] = [
    ("SUMMARY", "Summary"),
    ("STATUS", "Status"),
    ("DTSTART", "Start"),
    ("DTEND", "End"),
    ("DUE", "Due"),
    ("DURATION", "Duration"),
    ("RRULE", "Repeats"),
    ("RECURRENCE-ID", "Of the series, the one at"),
    ("EXDATE", "Not at"),
    ("LOCATION", "Location"),
    ("URL", "URL"),
    ("ORGANIZER", "Organizer"),
    ("ATTENDEE", "Attendee"),
    ("COMMENT", "Comment"),
    ("DESCRIPTION", "Description"),
];

/// Components that are shown; others, as alarms and time zones, are for programs.
const COMPONENTS: [(&str, &str); 4] = [
    ("VEVENT", "[Event]"),
    ("VTODO", "[To do]"),
    ("VJOURNAL", "[Journal]"),
    ("VFREEBUSY", "[Free and busy]"),
];

/// Lines of one component that are kept: guests of a large meeting are no more.
const MOST_LINES: usize = 2_000;

/// Reads a calendar.
pub(crate) fn read(bytes: &[u8], mut out: Writer) -> Text {
    let (text, cut) = decode(bytes, None, out.room().saturating_mul(2));
    let text = text
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut open: Option<Open> = None;
    for line in text.lines() {
        let Some(property) = Property::read(line) else {
            continue;
        };
        if property.is("METHOD") {
            out.push(&format!("Method: {}", property.value));
            out.line();
        } else if property.is("BEGIN") {
            match &mut open {
                Some(open) => open.depth += 1,
                None => open = Open::new(property.value),
            }
        } else if property.is("END") {
            match &mut open {
                Some(open) if open.depth > 0 => open.depth -= 1,
                _ => close(open.take(), &mut out),
            }
        } else if let Some(open) = &mut open {
            open.take(&property);
        }
        if out.is_full() {
            break;
        }
    }
    close(open, &mut out);
    if cut {
        out.cut();
    }
    out.finish_any(Kind::Calendar)
}

/// A component that has begun.
struct Open {
    heading: &'static str,
    /// Components inside it that have begun.
    depth: usize,
    /// Its lines, with their place in the order.
    lines: Vec<(usize, String)>,
}

impl Open {
    fn new(component: &str) -> Option<Self> {
        let known = COMPONENTS
            .iter()
            .find(|(name, _)| component.trim().eq_ignore_ascii_case(name));
        known.map(|(_, heading)| Self {
            heading,
            depth: 0,
            lines: Vec::new(),
        })
    }

    fn take(&mut self, property: &Property<'_>) {
        let place = SHOWN.iter().position(|(name, _)| property.is(name));
        let Some(place) = place.filter(|_| self.depth == 0 && self.lines.len() < MOST_LINES) else {
            return;
        };
        let (_, shown) = SHOWN[place];
        self.lines
            .push((place, format!("{shown}: {}", property.shown())));
    }
}

fn close(open: Option<Open>, out: &mut Writer) {
    let Some(mut open) = open else { return };
    out.heading(open.heading);
    open.lines.sort_by_key(|(place, _)| *place);
    for (_, line) in open.lines {
        out.push(&line);
        out.start_line();
    }
}

/// A line: name, parameters and value.
struct Property<'a> {
    name: &'a str,
    params: &'a str,
    value: &'a str,
}

impl<'a> Property<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let is_end = |(_, c): &(usize, char)| {
            quoted ^= *c == '"';
            *c == ':' && !quoted
        };
        let (at, _) = line.char_indices().find(is_end)?;
        let (before, value) = (line.get(..at)?, line.get(at + 1..)?);
        let (name, params) = before.split_once(';').unwrap_or((before, ""));
        Some(Self {
            name,
            params,
            value,
        })
    }

    fn is(&self, name: &str) -> bool {
        self.name.trim().eq_ignore_ascii_case(name)
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        let mut params = self.params.split(';');
        params.find_map(|param| {
            let (key, value) = param.split_once('=')?;
            let fits = key.trim().eq_ignore_ascii_case(name);
            fits.then(|| value.trim_matches('"'))
        })
    }

    /// The value as people write it.
    fn shown(&self) -> String {
        if self.is("ORGANIZER") || self.is("ATTENDEE") {
            return self.person();
        }
        if let Some(time) = time(self.value) {
            let zone = self.param("TZID").map(|zone| format!(" {zone}"));
            return time + &zone.unwrap_or_default();
        }
        unescape(self.value)
    }

    fn person(&self) -> String {
        let address = self.value.trim();
        let address = address
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
            .and_then(|_| address.get(7..))
            .unwrap_or(address);
        let mut shown = match self.param("CN") {
            Some(name) if name != address => format!("{name} <{address}>"),
            _ => address.to_owned(),
        };
        if let Some(state) = self.param("PARTSTAT") {
            shown.push_str(&format!(" ({})", state.to_ascii_lowercase()));
        }
        shown
    }
}

/// `20261102T100000Z` as `2026-11-02 10:00 UTC`, `20261102` as `2026-11-02`.
fn time(value: &str) -> Option<String> {
    let value = value.trim();
    let digits = |from: usize, to: usize| {
        let part = value.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then_some(part)
    };
    let day = format!("{}-{}-{}", digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    if value.len() == 8 {
        return Some(day);
    }
    if !matches!(value.len(), 15 | 16) || value.as_bytes().get(8) != Some(&b'T') {
        return None;
    }
    let utc = match value.get(15..) {
        Some("") => "",
        Some("Z" | "z") => " UTC",
        _ => return None,
    };
    Some(format!("{day} {}:{}{utc}", digits(9, 11)?, digits(11, 13)?))
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_reads_as_a_person_would_write_it() {
        let calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
            END:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20261102T100000\r\n\
            DTEND:20261102T103000Z\r\nSUMMARY:Plan\\, second\r\n  part\r\n\
            ATTENDEE;CN=\"Bob: B\";PARTSTAT=ACCEPTED:mailto:bob@example.com\r\n\
            DESCRIPTION:One\\nTwo\r\nBEGIN:VALARM\r\nSUMMARY:Alarm\r\nEND:VALARM\r\n\
            END:VEVENT\r\nEND:VCALENDAR\r\n";
        let read = read(calendar.as_bytes(), Writer::new(10_000));
        let wanted = "Method: REQUEST\n\n[Event]\nSummary: Plan, second part\n\
            Start: 2026-11-02 10:00 Europe/Berlin\nEnd: 2026-11-02 10:30 UTC\n\
            Attendee: Bob: B <bob@example.com> (accepted)\nDescription: One\nTwo";
        assert_eq!(read.text, wanted);
    }

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        let read = read(
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Pl",
            Writer::new(1_000),
        );
        assert_eq!(read.text, "[Event]\nSummary: Pl");
    }
}

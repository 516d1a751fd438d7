//! What an invitation says: the first event of an iCalendar object (RFC 5545, RFC 5546).

mod lines;
mod moment;
#[cfg(test)]
mod tests;
mod zone;

pub use moment::Moment;

use lines::{Line, address, plain, unfolded};
use zone::{Observance, offset_on, utc_offset};

/// Octets of an object that are looked at.
const MAX_OBJECT: usize = 1 << 20;
/// People named in an invitation that are counted.
const MAX_GUESTS: usize = 10_000;

/// An event, and what is asked about it. Texts are as its sender wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// `REQUEST`, `CANCEL`, `REPLY`, `PUBLISH`, `COUNTER` …, in upper case (RFC 5546 §1.4).
    pub method: Option<String>,
    /// What names the event in all messages about it.
    pub uid: Option<String>,
    /// The name of the event.
    pub summary: Option<String>,
    /// Where it is.
    pub location: Option<String>,
    /// When it begins.
    pub start: Option<Moment>,
    /// When it ends: as given, or by its duration.
    pub end: Option<Moment>,
    /// Who invites: the address, without `mailto:`.
    pub organizer: Option<String>,
    /// His name.
    pub organizer_name: Option<String>,
    /// How many are invited.
    pub guests: usize,
    /// Of a `REPLY`, what its sender answers: `ACCEPTED`, `DECLINED`, `TENTATIVE`.
    pub answer: Option<String>,
    /// The rule of its repetition, as written: `FREQ=WEEKLY;COUNT=10`.
    pub recurrence: Option<String>,
    /// `CONFIRMED`, `TENTATIVE` or `CANCELLED`.
    pub status: Option<String>,
    /// Which version of the event it is, from 0.
    pub sequence: u32,
}

/// The first event, task or busy time of an object. `None` when there is none.
#[must_use]
pub fn read(object: &str) -> Option<Invitation> {
    let object = object.get(..object.floor_char_boundary(MAX_OBJECT))?;
    let mut reader = Reader::default();
    for line in unfolded(object) {
        if let Some(line) = Line::read(&line) {
            reader.take(&line);
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    /// The components that are open, outermost first.
    open: Vec<String>,
    invitation: Invitation,
    found: bool,
    closed: bool,
    duration: Option<i64>,
    zones: Vec<(String, Vec<Observance>)>,
}

/// Components inside one another.
const MAX_DEPTH: usize = 16;
/// Zones, and parts of one, that are read.
const MAX_ZONES: usize = 64;

impl Reader {
    fn take(&mut self, line: &Line<'_>) {
        match line.name.as_str() {
            "BEGIN" => self.begin(line.value),
            "END" => self.end(),
            _ => {
                let inner = self.open.last().map(String::as_str).unwrap_or_default();
                match inner {
                    "VCALENDAR" | "" if line.name == "METHOD" => {
                        self.invitation.method = Some(line.value.to_ascii_uppercase());
                    }
                    "VTIMEZONE" if line.name == "TZID" => self.name_zone(line.value),
                    "STANDARD" | "DAYLIGHT" => self.observance(line),
                    "VEVENT" | "VTODO" | "VFREEBUSY" if !self.closed => self.event(line),
                    _ => {}
                }
            }
        }
    }

    fn begin(&mut self, name: &str) {
        let name = name.to_ascii_uppercase();
        match name.as_str() {
            "VEVENT" | "VTODO" | "VFREEBUSY" => self.found = true,
            "STANDARD" | "DAYLIGHT" => {
                if let Some((_, parts)) = self
                    .zones
                    .last_mut()
                    .filter(|(_, parts)| parts.len() < MAX_ZONES)
                {
                    parts.push(Observance {
                        offset: 0,
                        month: None,
                        week: 1,
                        weekday: 6,
                    });
                }
            }
            _ => {}
        }
        if self.open.len() < MAX_DEPTH {
            self.open.push(name);
        }
    }

    fn end(&mut self) {
        let name = self.open.pop();
        if matches!(name.as_deref(), Some("VEVENT" | "VTODO" | "VFREEBUSY")) {
            self.closed = true;
        }
    }

    fn name_zone(&mut self, name: &str) {
        if self.zones.len() < MAX_ZONES {
            self.zones.push((name.to_owned(), Vec::new()));
        }
    }

    fn observance(&mut self, line: &Line<'_>) {
        let Some(part) = self
            .zones
            .last_mut()
            .and_then(|(_, parts)| parts.last_mut())
        else {
            return;
        };
        match line.name.as_str() {
            "TZOFFSETTO" => part.offset = utc_offset(line.value).unwrap_or(0),
            "RRULE" => {
                for rule in line.value.split(';') {
                    let (name, value) = rule.split_once('=').unwrap_or_default();
                    match name {
                        "BYMONTH" => part.month = value.parse().ok(),
                        "BYDAY" => {
                            let (number, day) = value
                                .split_at_checked(value.len().saturating_sub(2))
                                .unwrap_or_default();
                            part.week = number.parse().unwrap_or(1);
                            let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
                            let at = days.iter().position(|known| *known == day);
                            part.weekday = at.and_then(|at| i8::try_from(at).ok()).unwrap_or(6);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn event(&mut self, line: &Line<'_>) {
        let text = || Some(plain(line.value)).filter(|text| !text.is_empty());
        let own = &mut self.invitation;
        match line.name.as_str() {
            "UID" => own.uid = text(),
            "SUMMARY" => own.summary = text(),
            "LOCATION" => own.location = text(),
            "STATUS" => own.status = Some(line.value.to_ascii_uppercase()),
            "SEQUENCE" => own.sequence = line.value.parse().unwrap_or(0),
            "RRULE" => own.recurrence = text(),
            "DTSTART" => own.start = moment::moment(line),
            "DTEND" | "DUE" => own.end = moment::moment(line),
            "DURATION" => self.duration = moment::duration(line.value),
            "ORGANIZER" => {
                own.organizer = Some(address(line.value)).filter(|address| !address.is_empty());
                own.organizer_name = line.parameter("CN").map(plain);
            }
            "ATTENDEE" => {
                own.guests = (own.guests + 1).min(MAX_GUESTS);
                let answer = line.parameter("PARTSTAT").map(str::to_ascii_uppercase);
                own.answer = own.answer.take().or(answer);
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Option<Invitation> {
        if !self.found {
            return None;
        }
        let mut own = std::mem::take(&mut self.invitation);
        if own.method.as_deref() != Some("REPLY") {
            own.answer = None;
        }
        for moment in [&mut own.start, &mut own.end].into_iter().flatten() {
            if let Some(zone) = &moment.zone
                && moment.offset.is_none()
                && let Some((_, parts)) = self.zones.iter().find(|(name, _)| name == zone)
            {
                moment.offset = offset_on(parts, moment.day);
            }
        }
        if own.end.is_none() {
            let seconds = self.duration.take();
            own.end = own
                .start
                .as_ref()
                .zip(seconds)
                .and_then(|(start, seconds)| start.plus(seconds));
        }
        Some(own)
    }
}

//! What a message says it is, as it is kept. All of it is its sender's word.

use serde::{Deserialize, Serialize};

/// Something a message says it is. The store bounds none of it: whoever makes one does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The code, as `mail::facts::Kind::name` has it.
    pub kind: String,
    /// What says so.
    pub evidence: String,
    /// Where the words stand, in characters of the new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// What more it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FactValue>,
}

/// What a fact says beyond that it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    /// Of `out_of_office`.
    Absence(Absence),
    /// Of `invitation`.
    Invitation(Box<Invitation>),
    /// Of `language`.
    Language {
        /// ISO 639-1.
        code: String,
        /// From 50 to 100.
        confidence: u8,
    },
}

/// That somebody is away; days as `2026-08-25`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The first day away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The day named as the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The day to expect the author again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
}

/// What the calendar part of a message says of its event; the texts are its sender's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// `REQUEST`, `CANCEL`, `REPLY` … (RFC 5546 §1.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What names the event in all messages about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The name of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Moment>,
    /// Who invites: the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<String>,
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer_name: Option<String>,
    /// How many are invited.
    #[serde(default)]
    pub guests: usize,
    /// Of a `REPLY`, what its sender answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The rule of its repetition, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// `CONFIRMED`, `TENTATIVE` or `CANCELLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Which version of the event it is.
    #[serde(default)]
    pub sequence: u32,
}

/// A moment as a calendar writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The day, on the calendars of its zone: `2026-08-25`.
    pub date: String,
    /// The time of that day, `09:30:00`; `None` for the whole day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The zone as written; `None` when it is the reader's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The instant in microseconds, where the message says how far the zone is from UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

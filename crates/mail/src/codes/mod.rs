//! One-time codes and the links that verify, sign in, reset or invite.
//!
//! Text and HTML become a scene: blocks as a person sees them, without what is hidden. A code is a
//! group of digits or letters that looks like one and that the words around it call one; a number
//! that something else claims (an order, a price, a phone) is never one. Nothing is guessed: what
//! does not reach the threshold is not there. Nothing is fetched.

mod candidates;
mod choose;
mod expiry;
mod labels;
mod links;
mod phrases;
mod scene;
mod style;
#[cfg(test)]
mod tests;
// Tables of words, several to a line.
#[rustfmt::skip]
mod words;

use std::time::Duration;

pub use links::{Link, LinkKind};

use crate::parse::Parsed;
use crate::reply;

/// Where a code was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The `OTP-Token` field (draft-goto-otp-token). Believe it only as far as the sender's DKIM
    /// signature covers the field and its domain is the origin's.
    Header,
    /// A line `@host #code`, which names the site the code is for.
    Bound,
    /// The subject.
    Subject,
    /// The text or the HTML.
    Body,
}

impl Place {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Bound => "bound",
            Self::Subject => "subject",
            Self::Body => "body",
        }
    }
}

/// A one-time code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as it is to be typed: without the blanks and dashes between groups of digits,
    /// letters and digits as written, digits of other scripts as ASCII.
    pub value: String,
    /// Where it was read.
    pub place: Place,
    /// From 0 to 100: how sure the words around it make it.
    pub confidence: u8,
    /// The site it is for, where the message says so in a form made for machines.
    pub origin: Option<String>,
}

/// What a message offers for signing up or in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// The one code, if there is exactly one that stands out.
    pub code: Option<Code>,
    /// The one link to follow, verbatim.
    pub link: Option<Link>,
    /// How long they hold from when they were sent, where there is one of them and the message
    /// says so. Of several stretches of time the first is meant.
    pub valid_for: Option<Duration>,
}

/// Looks for a one-time code and a link in a message.
#[must_use]
pub fn find(message: &Parsed) -> Codes {
    // Where there is HTML it is what people see.
    let is_read = message.html.is_none() && !message.text_from_html;
    let text = message.text.as_deref().filter(|_| is_read);
    let new = text.and_then(|text| reply::visible(Some(text), None).text);
    find_in(message, new.as_deref())
}

/// [`find`] for those who know the new text of the message: [`reply::visible`]. It is looked at where
/// there is no HTML.
#[must_use]
pub fn find_in(message: &Parsed, new_text: Option<&str>) -> Codes {
    let scene = scene::of(message, new_text);
    let field = message
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("OTP-Token"));
    let code = field
        .and_then(|(_, value)| token(value))
        .or_else(|| choose::code(&scene));
    let link = links::best(&scene);
    let offers = code.is_some() || link.is_some();
    Codes {
        valid_for: offers.then(|| expiry::stated(&scene)).flatten(),
        code,
        link,
    }
}

/// Reads an `OTP-Token` field: a structured string with parameters (RFC 8941 §3.3).
fn token(value: &str) -> Option<Code> {
    let rest = value.trim().strip_prefix('"')?;
    let (code, parameters) = rest.split_once('"')?;
    let is_code = (4..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
    let origin = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_origin = name.trim().eq_ignore_ascii_case("origin");
        is_origin.then(|| value.trim().trim_matches('"').to_owned())
    });
    is_code.then(|| Code {
        value: code.to_owned(),
        place: Place::Header,
        confidence: 90,
        origin,
    })
}

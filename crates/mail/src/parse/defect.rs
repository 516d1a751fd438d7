//! What can be wrong with a message that was read all the same.

use std::fmt;

/// Something wrong with a message, or a limit it ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Defect {
    /// No `From` field (RFC 5322 §3.6 asks for one).
    MissingFrom,
    /// More than one `From` field; the first was taken.
    SeveralFrom,
    /// `From` names no valid address.
    BadFrom,
    /// No `Date` field.
    MissingDate,
    /// A `Date` that is none.
    BadDate,
    /// No `Message-ID` field.
    MissingMessageId,
    /// A `Message-ID` that could not be read.
    BadMessageId,
    /// A line in a header that is no field, such as a name with white space inside.
    BadHeaderLine,
    /// No empty line between a header and its body.
    UnseparatedBody,
    /// More header fields than are read.
    TooManyHeaders,
    /// A header longer than is shown; the rest was cut off.
    HeaderTooLong,
    /// A `Content-Type` that names no type.
    BadContentType,
    /// A `Content-Transfer-Encoding` nobody knows; the body was taken as it is.
    UnknownEncoding,
    /// Something in an encoded body had to be passed over.
    BadEncoding,
    /// A charset unknown or not the one used; text was guessed or replaced.
    BadCharset,
    /// NUL characters were removed.
    NulRemoved,
    /// A multipart without a boundary, or whose boundary never comes; the one that its lines use was
    /// taken, or it was read as text.
    MissingBoundary,
    /// A multipart whose end is missing.
    UnterminatedMultipart,
    /// Multiparts more than 64 deep; the inner ones were not opened.
    TooDeep,
    /// More than 1,000 parts; the rest was not read.
    TooManyParts,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingFrom => "no From header",
            Self::SeveralFrom => "more than one From header",
            Self::BadFrom => "no valid address in From",
            Self::MissingDate => "no Date header",
            Self::BadDate => "unreadable Date header",
            Self::MissingMessageId => "no Message-ID header",
            Self::BadMessageId => "unreadable Message-ID header",
            Self::BadHeaderLine => "a header line that is not a header",
            Self::UnseparatedBody => "no empty line between header and body",
            Self::TooManyHeaders => "too many headers",
            Self::HeaderTooLong => "header too long",
            Self::BadContentType => "unreadable Content-Type",
            Self::UnknownEncoding => "unknown Content-Transfer-Encoding",
            Self::BadEncoding => "damaged encoded body",
            Self::BadCharset => "unknown or wrong charset",
            Self::NulRemoved => "NUL characters removed",
            Self::MissingBoundary => "multipart without boundary",
            Self::UnterminatedMultipart => "multipart without end",
            Self::TooDeep => "nesting too deep",
            Self::TooManyParts => "too many parts",
        })
    }
}

/// Collects defects, each kind once, in the order of finding.
#[derive(Default)]
pub(super) struct Defects(Vec<Defect>);

impl Defects {
    pub(super) fn add(&mut self, defect: Defect) {
        if !self.0.contains(&defect) {
            self.0.push(defect);
        }
    }

    pub(super) fn add_if(&mut self, present: bool, defect: Defect) {
        if present {
            self.add(defect);
        }
    }

    pub(super) fn into_list(self) -> Vec<Defect> {
        self.0
    }
}

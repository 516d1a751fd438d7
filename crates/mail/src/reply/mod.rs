//! The new words of a reply.

/// What the author of a message wrote themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// The new text.
    pub text: Option<String>,
    /// The new HTML.
    pub html: Option<String>,
}

/// Takes the quoted history off a message.
#[must_use]
pub fn visible(text: Option<&str>, html: Option<&str>) -> Visible {
    Visible {
        text: text.map(str::to_owned),
        html: html.map(str::to_owned),
    }
}

//! Reading JSON so that a wrong value is named by its place.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;

/// A body that is not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The place: keys and indexes from the outermost inward. Empty when the text is no JSON object.
    pub path: Vec<String>,
    /// `invalid_json` when the text is not JSON at all, `invalid_type` when a value is of another
    /// type than the field's or is missing.
    pub code: &'static str,
    /// In words, without a position and without text of the input.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path.join("."), self.message)
    }
}

impl std::error::Error for Malformed {}

/// The longest message about a wrong value; the value itself comes from the client.
const MAX_MESSAGE: usize = 200;

/// Reads one JSON object that fills `text`. Nesting deeper than 128 levels is refused.
///
/// # Errors
/// [`Malformed`], naming the place of the first wrong value.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Malformed> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    // A derived struct would also be read from an array of its fields, and `[]` as no field given.
    if text.trim_ascii_start().first() != Some(&b'{') {
        IgnoredAny::deserialize(&mut reader)
            .and_then(|_| reader.end())
            .map_err(|error| malformed(Vec::new(), &error))?;
        return Err(Malformed {
            path: Vec::new(),
            code: "invalid_type",
            message: "The body must be a JSON object".to_owned(),
        });
    }
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().iter().filter_map(segment).collect();
        malformed(path, error.inner())
    })?;
    reader
        .end()
        .map_err(|error| malformed(Vec::new(), &error))?;
    Ok(value)
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

fn malformed(path: Vec<String>, error: &serde_json::Error) -> Malformed {
    if !error.is_data() {
        return Malformed {
            path: Vec::new(),
            code: "invalid_json",
            message: format!("The body is not JSON: {}", short(&error.to_string())),
        };
    }
    let text = error.to_string();
    // The position counts bytes of a body the client may have built with a library; the path says
    // more.
    let message = text.rfind(" at line ").map_or(&*text, |end| &text[..end]);
    Malformed {
        path,
        code: "invalid_type",
        message: short(&without_value(message)),
    }
}

/// A message without the text that the client sent: it could be a secret in the wrong place, and
/// errors are logged by those who get them.
fn without_value(message: &str) -> String {
    if let (Some(start), Some(end)) = (message.find(" \""), message.rfind('"'))
        && start + 1 < end
    {
        return [&message[..start], &message[end + 1..]].concat();
    }
    for what in ["unknown variant", "unknown field"] {
        if let Some(rest) = message.strip_prefix(what) {
            let known = rest.find("`, expected").map_or("", |at| &rest[at + 1..]);
            return format!("{what}{known}");
        }
    }
    message.to_owned()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        for (message, told) in [
            (
                r#"invalid type: string "am_us_1", expected a map"#,
                "invalid type: string, expected a map",
            ),
            (
                r#"invalid value: string "a \"b\" c", expected a time"#,
                "invalid value: string, expected a time",
            ),
            (
                "unknown variant `am_us_1`, expected `a` or `b`",
                "unknown variant, expected `a` or `b`",
            ),
            ("unknown field `x`, there are no fields", "unknown field"),
            (
                "invalid type: integer `1`, expected a string",
                "invalid type: integer `1`, expected a string",
            ),
            ("missing field `to`", "missing field `to`"),
        ] {
            assert_eq!(without_value(message), told);
        }
    }
}

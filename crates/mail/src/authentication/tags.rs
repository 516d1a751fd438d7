//! Tag lists, `a=b; c=d` (RFC 6376 §3.2).

/// A tag list whose names are all different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags<'a>(Vec<(&'a str, &'a str)>);

/// Why a text is no tag list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagError;

/// Tags of one list that are read; no record in use has a quarter of them.
const MAX_TAGS: usize = 100;

impl<'a> Tags<'a> {
    /// Reads a list. White space and folds around names and values go; those inside values stay.
    ///
    /// # Errors
    /// For a tag without `=`, a name that is not a name, an empty tag but the last, and a name that
    /// comes twice (RFC 6376 §3.2: the whole list is invalid then).
    pub fn parse(text: &'a str) -> Result<Self, TagError> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        let mut specs = text.split(';').peekable();
        while let Some(spec) = specs.next() {
            let spec = trim(spec);
            if spec.is_empty() && specs.peek().is_none() && !tags.is_empty() {
                break;
            }
            let (name, value) = spec.split_once('=').ok_or(TagError)?;
            let (name, value) = (trim(name), trim(value));
            let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let again = tags.iter().any(|(own, _)| *own == name);
            if !named || again || tags.len() == MAX_TAGS {
                return Err(TagError);
            }
            tags.push((name, value));
        }
        Ok(Self(tags))
    }

    /// The value of a tag. Names are compared with regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut own = self.0.iter();
        own.find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// The name of the first tag.
    #[must_use]
    pub fn first(&self) -> Option<&'a str> {
        self.0.first().map(|(name, _)| *name)
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// A value without the white space and folds inside it, as base64 is written.
pub(super) fn compact(value: &str) -> String {
    value
        .chars()
        .filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'))
        .collect()
}

/// The octets of a base64 value with folds in it. `None` when it is empty or something else.
pub(super) fn base64(value: &str) -> Option<Vec<u8>> {
    let text = compact(value);
    let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_folded_and_end_in_a_semicolon() {
        let tags = Tags::parse(" v = 1 ;\r\n\ta=rsa-sha256; b=AB\r\n CD ; ").unwrap();
        assert_eq!(tags.get("v"), Some("1"));
        assert_eq!(tags.get("b").map(compact).as_deref(), Some("ABCD"));
        assert_eq!(tags.first(), Some("v"));
        assert_eq!(tags.get("V"), None);
    }

    #[test]
    fn what_is_malformed_is_no_list() {
        for bad in [
            "", ";", "a", "a=1;;b=2", "a=1; a=2", "1=a", "a b=1", "=1", "a=1; b",
        ] {
            assert_eq!(Tags::parse(bad), Err(TagError), "{bad:?}");
        }
    }
}

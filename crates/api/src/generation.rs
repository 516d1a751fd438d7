//! Which release of the official SDKs asks. Two answers changed their shape on the way to the
//! current one; an agent that was never upgraded still gets the one it can read.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use crate::settings::Door;

/// A release of an official SDK, from the headers that every one of them sends; the current one
/// for every other client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    is_python: bool,
    /// Major, minor and patch.
    release: [u16; 3],
}

/// Where nothing old is asked for.
const CURRENT: Generation = Generation {
    is_python: false,
    release: [u16::MAX; 3],
};

/// The longest version worth looking at, in octets.
const MAX_VERSION: usize = 32;

impl Generation {
    /// Whether the raw route is expected to answer with the bytes themselves. The switch was with
    /// Python 0.4.4, the first of its line, and with TypeScript 0.4.6.
    pub(crate) fn wants_raw_bytes(self) -> bool {
        let switch = if self.is_python { [0, 4, 0] } else { [0, 4, 6] };
        self.release < switch
    }

    /// Whether changing labels is expected to answer with the whole message: until 0.4.13.
    pub(crate) fn wants_whole_message(self) -> bool {
        self.release < [0, 4, 14]
    }

    fn of(headers: &HeaderMap) -> Self {
        let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_ours = field("x-fern-sdk-name") == Some("agentmail");
        let release = field("x-fern-sdk-version").and_then(release);
        match release {
            Some(release) if is_ours => Self {
                is_python: field("x-fern-language") == Some("Python"),
                release,
            },
            _ => CURRENT,
        }
    }
}

/// The three numbers of a version; what follows the last of them (`-beta.1`) is not looked at.
fn release(version: &str) -> Option<[u16; 3]> {
    if version.len() > MAX_VERSION {
        return None;
    }
    let mut numbers = version.splitn(3, '.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit());
        part[..end.unwrap_or(part.len())].parse().ok()
    });
    let mut next = || numbers.next().flatten();
    Some([next()?, next()?, next()?])
}

impl FromRequestParts<Door> for Generation {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asks(language: &'static str, name: &'static str, version: &'static str) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        headers.insert("x-fern-language", HeaderValue::from_static(language));
        headers.insert("x-fern-sdk-name", HeaderValue::from_static(name));
        headers.insert("x-fern-sdk-version", HeaderValue::from_static(version));
        let generation = Generation::of(&headers);
        (
            generation.wants_raw_bytes(),
            generation.wants_whole_message(),
        )
    }

    #[test]
    fn each_release_gets_the_shape_it_was_made_for() {
        for (language, version, expected) in [
            ("Python", "0.0.78", (true, true)),
            ("Python", "0.2.24", (true, true)),
            ("Python", "0.4.4", (false, true)),
            ("Python", "0.4.13", (false, true)),
            ("Python", "0.4.14", (false, false)),
            ("Python", "0.5.10", (false, false)),
            ("Python", "2.0.18", (false, false)),
            ("JavaScript", "0.4.3", (true, true)),
            ("JavaScript", "0.4.6", (false, true)),
            ("JavaScript", "0.4.20", (false, false)),
            ("JavaScript", "0.5.27", (false, false)),
        ] {
            let asked = asks(language, "agentmail", version);
            assert_eq!(asked, expected, "{language} {version}");
        }
    }

    #[test]
    fn whoever_does_not_say_so_is_not_old() {
        let current = (false, false);
        assert_eq!(Generation::of(&HeaderMap::new()), CURRENT);
        assert_eq!(asks("Python", "other", "0.2.24"), current);
        for version in ["", "0", "0.2", "x.y.z", "0.2.-", "0.99999.0", "0..1"] {
            assert_eq!(asks("Python", "agentmail", version), current, "{version}");
        }
        assert_eq!(asks("Python", "agentmail", "0.2.24-beta.1"), (true, true));
        assert_eq!(
            asks(
                "Python",
                "agentmail",
                "0.2.00000000000000000000000000000000024"
            ),
            current
        );
    }
}

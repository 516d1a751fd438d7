//! Enhanced status codes (RFC 3463) and the codes in what a server said.

use std::fmt;

/// An enhanced status code: class 2, 4 or 5, subject and detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u8, pub u16, pub u16);

impl Status {
    /// Reads `5.1.1`, ignoring what follows it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut numbers = text.get(..end)?.trim_end_matches('.').split('.');
        let mut number = || {
            let text = numbers.next().filter(|text| text.len() <= 3)?;
            text.parse::<u16>().ok()
        };
        let (class, subject, detail) = (number()?, number()?, number()?);
        let class = u8::try_from(class).ok()?;
        (matches!(class, 2 | 4 | 5) && numbers.next().is_none())
            .then_some(Self(class, subject, detail))
    }

    /// Whether the server will say the same tomorrow.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        self.0 == 5
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What a server said: its codes and its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words<'a> {
    /// The reply code of SMTP.
    pub code: Option<u16>,
    /// The enhanced status code.
    pub status: Option<Status>,
    /// The text, with or without the codes in it.
    pub text: &'a str,
}

impl<'a> Words<'a> {
    /// Finds the codes in a text: `550 5.1.1 no such user`, `(#5.1.1)`, `smtp;550-5.1.1 …`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let mut words = Self {
            text,
            ..Self::default()
        };
        let mut rest = text;
        let mut before = None;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let preceding = rest.get(..at).and_then(|part| part.chars().next_back());
            let preceding = preceding.or(before);
            let tail = rest.get(at..).unwrap_or_default();
            let end = tail
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(tail.len());
            let number = tail.get(..end).unwrap_or_default().trim_end_matches('.');
            let following = tail.get(end..).and_then(|part| part.chars().next());
            let alone = !preceding.is_some_and(|c| c.is_alphanumeric() || "-_@/.".contains(c))
                || (preceding == Some('-') && words.code.is_some());
            let ends = !following.is_some_and(|c| c.is_alphanumeric() || "_@/".contains(c));
            if alone && ends {
                words.take(number);
            }
            if words.code.is_some() && words.status.is_some() {
                break;
            }
            before = tail.get(..end).and_then(|part| part.chars().next_back());
            rest = tail.get(end..).unwrap_or_default();
        }
        words
    }

    fn take(&mut self, number: &str) {
        if number.contains('.') {
            self.status = self.status.or_else(|| Status::parse(number));
        } else if number.len() == 3 && self.code.is_none() {
            let code = number.parse::<u16>().ok();
            self.code = code.filter(|code| is_reply_code(*code));
        }
    }

    /// Whether the server will say the same tomorrow; `None` when it gave no code.
    #[must_use]
    pub fn permanent(&self) -> Option<bool> {
        // Of a pair that disagrees, the reply code is what the client acted on.
        let of_code = self.code.map(|code| code >= 500);
        let refused = self.status.filter(|status| status.0 != 2);
        of_code.or(refused.map(Status::is_permanent))
    }
}

/// Codes of refusals: 4yz and 5yz with the y of RFC 5321 §4.2.1.
fn is_reply_code(code: u16) -> bool {
    (400..600).contains(&code) && code / 10 % 10 <= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_servers_put_them() {
        for (text, code, status) in [
            ("550 5.1.1 no such user", Some(550), Some(Status(5, 1, 1))),
            (
                "smtp;550-5.7.26 unauthenticated",
                Some(550),
                Some(Status(5, 7, 26)),
            ),
            (
                "Sorry, no mailbox here by that name. (#5.1.1)",
                None,
                Some(Status(5, 1, 1)),
            ),
            (
                "host mx.example[192.0.2.1] said: 452 4.2.2 full",
                Some(452),
                Some(Status(4, 2, 2)),
            ),
            (
                "#550 5.1.10 RESOLVER.ADR.RecipientNotFound; ##",
                Some(550),
                Some(Status(5, 1, 10)),
            ),
            ("connect to 192.0.2.55 port 25: 550s passed", None, None),
            ("at 10.0.0.550 nothing", None, None),
            ("error 421", Some(421), None),
        ] {
            let words = Words::of(text);
            assert_eq!((words.code, words.status), (code, status), "{text}");
        }
    }

    #[test]
    fn an_enhanced_code_has_three_numbers() {
        assert_eq!(Status::parse("5.1.1 (bad)"), Some(Status(5, 1, 1)));
        for text in ["5.1", "3.1.1", "5.1.1.1", "x", "", "5.1.1000", "192.0.2.1"] {
            assert_eq!(Status::parse(text), None, "{text}");
        }
    }
}

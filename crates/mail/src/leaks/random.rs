//! Whether characters look drawn at random, and whether they only stand in for a secret.

/// Words that mark a value as an example. Lower case.
const STAND_INS: &[&str] = &[
    "example",
    "xxxxx",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "placeholder",
    "redacted",
    "changeme",
    "change_me",
    "change-me",
    "insert_",
    "dummy",
    "foobar",
    "12345678",
    "abcdefgh",
    "0123456789",
    "deadbeef",
    "secret_here",
    "key_here",
    "token_here",
    "_here",
    "-here",
];

/// Keys printed in the manuals of their services. In two pieces where scanners of source code would
/// take them for real.
const PRINTED: &[&str] = &[
    concat!("AKIA", "IOSFODNN7EXAMPLE"),
    concat!("AKIA", "I44QH8DHBEXAMPLE"),
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_test_BQokikJOvBiI2HlWgH4olfQ2",
    "AC00000000000000000000000000000000",
];

/// Shares of the characters of a value.
#[derive(Default)]
pub(super) struct Shape {
    pub(super) length: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    pub(super) others: usize,
    /// Neighbours of different classes.
    turns: usize,
    distinct: u32,
    /// The longest stretch of one character.
    longest: usize,
}

impl Shape {
    pub(super) fn of(value: &[u8]) -> Self {
        let mut shape = Self::default();
        let (mut seen, mut last_class, mut last, mut stretch) = (0_u128, 0_u8, None, 0);
        for &byte in value {
            let class = match byte {
                b'a'..=b'z' => {
                    shape.lower += 1;
                    1
                }
                b'A'..=b'Z' => {
                    shape.upper += 1;
                    2
                }
                b'0'..=b'9' => {
                    shape.digits += 1;
                    3
                }
                _ => {
                    shape.others += 1;
                    4
                }
            };
            shape.turns += usize::from(last_class != 0 && class != last_class);
            last_class = class;
            seen |= 1 << (byte & 127);
            stretch = if last == Some(byte) { stretch + 1 } else { 1 };
            last = Some(byte);
            shape.longest = shape.longest.max(stretch);
        }
        shape.length = value.len();
        shape.distinct = seen.count_ones();
        shape
    }

    /// Whether classes change as often as in an identifier that was drawn.
    pub(super) fn turns_often(&self) -> bool {
        self.turns * 6 >= self.length && self.distinct >= 6
    }

    /// Whether many different characters occur.
    pub(super) fn is_varied(&self) -> bool {
        self.distinct >= 12
    }

    /// Letters and digits (or both cases) that change class far oftener than words do.
    pub(super) fn is_random(&self) -> bool {
        let classes = usize::from(self.lower > 0)
            + usize::from(self.upper > 0)
            + usize::from(self.digits > 0);
        let wanted = u32::try_from(self.length.min(32)).unwrap_or(32) * 2 / 5;
        classes >= 2 && self.turns * 5 >= self.length && self.distinct >= wanted.clamp(4, 8)
    }
}

/// Whether a value is an example, a mask or a run of one character.
pub(super) fn is_stand_in(value: &[u8]) -> bool {
    let shape = Shape::of(value);
    if shape.longest >= 6 || (shape.length >= 12 && shape.distinct < 5) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    STAND_INS
        .iter()
        .any(|word| contains(&lower, word.as_bytes()))
        || PRINTED.iter().any(|known| known.as_bytes() == value)
        || value.starts_with(b"<")
        || value.starts_with(b"${")
        || value.starts_with(b"{{")
        || contains(value, b"***")
        || contains(value, b"...")
        || contains(value, "…".as_bytes())
}

/// Whether `needle` is in `text`.
pub(super) fn contains(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}

/// Whether a value has the 8-4-4-4-12 form.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_characters_differ_from_words_and_names() {
        for (value, random) in [
            ("4Ztr7nv2gEKjnug7wSV2Fz3a", true),
            ("a0cb209440df3efecae050f6bf882417", true),
            ("internationalization", false),
            ("acquisition_target_list", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(Shape::of(value.as_bytes()).is_random(), random, "{value}");
        }
        for (value, stand_in) in [
            ("xxxxxxxxxxxxxxxxxxxxxxxx", true),
            ("<your token here>", true),
            ("YOUR_API_KEY", true),
            ("4Ztr7nv2gEKjnug7wSV2Fz3a", false),
        ] {
            assert_eq!(is_stand_in(value.as_bytes()), stand_in, "{value}");
        }
    }
}

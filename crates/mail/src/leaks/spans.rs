//! The words of a text as places in it, found once for all rules that look at words.

/// A stretch of a text; texts of mail are far below four gigabytes.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn start(self) -> usize {
        usize::try_from(self.start).unwrap_or(usize::MAX)
    }

    pub(super) fn end(self) -> usize {
        usize::try_from(self.end).unwrap_or(usize::MAX)
    }
}

/// The longest stretches of ASCII letters and digits.
pub(super) fn words(text: &[u8]) -> Vec<Span> {
    let mut words = Vec::with_capacity(text.len() / 5);
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(gap) = rest.iter().position(u8::is_ascii_alphanumeric) else {
            return words;
        };
        let start = at + gap;
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|b| !b.is_ascii_alphanumeric());
        at = start + length.unwrap_or(rest.len());
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(at)) else {
            return words;
        };
        words.push(Span { start, end });
    }
}

/// The parts of a text between ASCII `separators` and white space of any kind.
pub(super) fn fields<'a>(
    text: &'a str,
    separators: &'static [u8],
) -> impl Iterator<Item = &'a str> {
    let is_blank = |b: u8| matches!(b, b'\t'..=b'\r' | b' ');
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        loop {
            let behind = text.as_bytes().get(from..)?;
            let found = behind
                .iter()
                .position(|b| is_blank(*b) || !b.is_ascii() || separators.contains(b));
            let Some(at) = found.map(|found| from + found) else {
                rest = None;
                return Some(text);
            };
            let c = text.get(at..)?.chars().next()?;
            if c.is_ascii() || c.is_whitespace() {
                rest = text.get(at + c.len_utf8()..);
                return text.get(..at);
            }
            from = at + c.len_utf8();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_and_fields_are_those_that_splitting_by_characters_gives(
            text in "[ab1 ,;\\t\u{A0}é\u{2003}_-]{0,40}"
        ) {
            let spans: Vec<&str> = words(text.as_bytes())
                .iter()
                .filter_map(|span| text.get(span.start()..span.end()))
                .collect();
            let want: Vec<&str> = text
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            prop_assert_eq!(spans, want);
            let want: Vec<&str> = text
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
                .collect();
            prop_assert_eq!(fields(&text, b",;").collect::<Vec<_>>(), want);
        }
    }
}

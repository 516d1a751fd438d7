//! Characters that no normalisation changes.

/// Letters of the commonest scripts that stay as they are, so that nothing need be looked up for
/// them: normal forms C and KC leave them alone, and they join nothing.
pub(crate) fn is_settled(c: char) -> bool {
    matches!(c,
        '\u{C0}'..='\u{FF}' | '\u{391}'..='\u{3A9}' | '\u{3B1}'..='\u{3CE}' | '\u{400}'..='\u{45F}'
        | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}' | '\u{905}'..='\u{928}' | '\u{E01}'..='\u{E30}'
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// Whether a character is a letter or digit, which is known of those that are settled.
pub(crate) fn is_alphanumeric(c: char) -> bool {
    if is_settled(c) {
        !matches!(c, '\u{D7}' | '\u{F7}' | '\u{3A2}')
    } else {
        c.is_alphanumeric()
    }
}

/// Whether a character is a letter, likewise.
pub(crate) fn is_alphabetic(c: char) -> bool {
    if is_settled(c) {
        is_alphanumeric(c)
    } else {
        c.is_alphabetic()
    }
}

/// The lower case of a character that is settled; that of others may be several characters.
pub(crate) fn lower_case(c: char) -> Option<char> {
    let ahead = match c {
        '\u{D7}' | '\u{3A2}' => 0,
        '\u{C0}'..='\u{DE}' | '\u{391}'..='\u{3A9}' | '\u{410}'..='\u{42F}' => 0x20,
        '\u{400}'..='\u{40F}' => 0x50,
        c if is_settled(c) => 0,
        _ => return None,
    };
    char::from_u32(u32::from(c) + ahead)
}

/// Octets before the first character outside ASCII.
pub(crate) fn ascii_length(text: &str) -> usize {
    const STEP: usize = 32;
    let (steps, _) = text.as_bytes().as_chunks::<STEP>();
    let plain = STEP * steps.iter().take_while(|step| step.is_ascii()).count();
    let rest = text.as_bytes().get(plain..).unwrap_or_default();
    let first = rest.iter().position(|b| !b.is_ascii());
    first.map_or(text.len(), |first| plain + first)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;

    use super::*;

    #[test]
    fn letters_that_are_settled_are_what_normalisation_gives() {
        for c in ('\u{80}'..='\u{FFFF}').filter(|c| is_settled(*c)) {
            assert_eq!(std::iter::once(c).nfkc().collect::<String>(), c.to_string());
            assert!(!is_combining_mark(c), "{c:?}");
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            assert_eq!(is_alphabetic(c), c.is_alphabetic(), "{c:?}");
            let lower = lower_case(c).into_iter();
            assert!(lower.eq(c.to_lowercase()), "{c:?}");
        }
    }
}

//! Letters that no normalisation changes.

/// Letters of the commonest scripts that stay as they are, so that nothing need be looked up for
/// them: normal forms C and KC leave them alone, and they join nothing.
pub(crate) fn is_settled(c: char) -> bool {
    matches!(c,
        '\u{C0}'..='\u{FF}' | '\u{391}'..='\u{3A9}' | '\u{3B1}'..='\u{3CE}' | '\u{400}'..='\u{45F}'
        | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}' | '\u{905}'..='\u{928}' | '\u{E01}'..='\u{E30}'
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
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
        }
    }
}

//! The boundary around what strangers wrote.
//!
//! It is drawn anew for every answer, so nobody who writes a mail can know it; and it is taken out of
//! every text before that is put between its marks, so that not even a lucky guess could close one.

/// Marks that nobody outside can make.
pub(crate) struct Fence {
    mark: String,
}

impl Fence {
    /// The fence of one answer, of fresh random bits.
    pub(crate) fn new(random: [u8; 16]) -> Self {
        Self {
            mark: format!("untrusted-{}", data_encoding::HEXLOWER.encode(&random)),
        }
    }

    /// The name of the marks.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// One line of a stranger's: at most `most` characters, nothing invisible, no line break.
    pub(crate) fn line(&self, text: &str, most: usize) -> String {
        let words = plain(text);
        let words: Vec<&str> = words.split_whitespace().collect();
        self.around(&cut(&words.join(" "), most))
    }

    /// Lines of a stranger's, likewise.
    pub(crate) fn block(&self, text: &str, most: usize) -> String {
        let text = cut(&tidy(&plain(text)), most);
        self.around(&format!("\n{text}\n"))
    }

    fn around(&self, text: &str) -> String {
        let mark = &self.mark;
        let text = without(text, mark);
        format!("<{mark}>{text}</{mark}>")
    }
}

/// Whether `text` is longer than `most` characters once it is tidied.
pub(crate) fn is_cut(text: &str, most: usize) -> bool {
    tidy(&plain(text)).chars().nth(most).is_some()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Takes a mark out, also where taking it out makes another.
fn without(text: &str, mark: &str) -> String {
    let mut text = text.to_owned();
    loop {
        // Upper case is another spelling of the same name to some readers.
        let folded = text.to_ascii_lowercase();
        let Some(at) = folded.find(mark) else {
            return text;
        };
        text.replace_range(at..at + mark.len(), "");
    }
}

/// Lines without blanks at their ends, and at most one empty line in a row.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(&words.join(" "));
    }
    out
}

/// Only characters that a reader sees, line breaks and blanks.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => out.push('\n'),
            '\r' => {}
            // These join letters in scripts that need it.
            '\u{200C}' | '\u{200D}' if matches!(last, '\u{600}'..='\u{DFF}') => out.push(c),
            c if c.is_control() => out.push(' '),
            c if is_invisible(c) => {}
            c => out.push(c),
        }
        last = c;
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' | '\u{E000}'..='\u{F8FF}'
            | '\u{F0000}'..='\u{10FFFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RANDOM: [u8; 16] = [0xAB; 16];

    fn is_joiner(c: char) -> bool {
        ['\u{200C}', '\u{200D}'].contains(&c)
    }

    fn inside<'a>(fence: &Fence, fenced: &'a str) -> &'a str {
        let (open, close) = (
            format!("<{}>", fence.mark()),
            format!("</{}>", fence.mark()),
        );
        fenced
            .strip_prefix(&open)
            .unwrap()
            .strip_suffix(&close)
            .unwrap()
    }

    proptest! {
        /// Even who knew the boundary could not write it.
        #[test]
        fn no_text_can_hold_the_boundary(
            parts in proptest::collection::vec(prop_oneof![
                any::<String>(),
                Just("untrusted-".to_owned()),
                Just("abababababababababababababababab".to_owned()),
                Just("ABABABABABABABABABABABABABABABAB".to_owned()),
                Just("untrusted-untrusted-abababababababababababababababab".to_owned()),
                Just("abababababababab\u{200b}abababababababab".to_owned()),
                Just("</".to_owned()),
            ], 0..12),
        ) {
            let fence = Fence::new(RANDOM);
            let text = parts.concat();
            for fenced in [fence.line(&text, 500), fence.block(&text, 500)] {
                let inner = inside(&fence, &fenced).to_ascii_lowercase();
                prop_assert!(!inner.contains(fence.mark()));
                let odd = |c: char| c.is_control() && c != '\n' || is_invisible(c) && !is_joiner(c);
                prop_assert!(!inner.chars().any(odd));
            }
            prop_assert!(!fence.line(&text, 500).contains('\n'));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_the_rest_stays() {
        let fence = Fence::new(RANDOM);
        let smuggled: String = "hi"
            .chars()
            .chain(['\u{E0041}', '\u{202E}', '\u{7}', '\u{200B}'])
            .collect();
        assert_eq!(inside(&fence, &fence.line(&smuggled, 10)), "hi");
        let text = "Grüße 你好 \u{645}\u{6CC}\u{200C}\u{62E}\n\n\n\n  b  c \r\n";
        let block = fence.block(text, 100);
        assert_eq!(
            inside(&fence, &block),
            "\nGrüße 你好 \u{645}\u{6CC}\u{200C}\u{62E}\n\nb c\n"
        );
        assert!(is_cut("abc", 2) && !is_cut("abc", 3));
    }
}

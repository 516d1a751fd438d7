//! What the words of a single line look like: a name, a way to reach somebody, a drawn line.

/// `-- ` and its variants above a signature.
pub(super) fn is_signature_mark(line: &str) -> bool {
    matches!(
        line,
        "--" | "-- " | "—" | "–" | "---" | "– –" | "- -" | "~~"
    )
}

/// A line of dashes or underscores, which clients put above a header block.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && line.chars().all(|c| {
            matches!(
                c,
                '_' | '-' | '=' | '*' | '—' | '–' | '─' | '\u{2501}' | '~' | '#' | '+' | '.' | '·'
            )
        })
}

/// A link and nothing else.
pub(super) fn is_link(line: &str) -> bool {
    let bare = line.trim_matches(['<', '>', '[', ']', '(', ')', '*', ' ']);
    (bare.starts_with("http://") || bare.starts_with("https://") || bare.starts_with("www."))
        && !bare.contains(char::is_whitespace)
}

/// A name, perhaps with a degree: `Ann van der Lee, Ph.D.`
pub(super) fn is_name(line: &str) -> bool {
    const PARTICLES: &[&str] = &[
        "von", "van", "der", "den", "de", "da", "dos", "do", "la", "le", "di", "del", "bin", "al",
        "el", "y", "e", "zu", "ten", "ter",
    ];
    const SUFFIXES: &[&str] = &[
        "d.", "jr.", "sr.", "inc.", "ltd.", "co.", "a.", "esq.", "sc.", ".",
    ];
    let line = line.trim_matches(['*', '_', ' ', '\u{a0}']);
    if line.len() > 60 || line.is_empty() || line.contains(['@', '/', ':', ';', '=', '\u{fffc}']) {
        return false;
    }
    if line.ends_with(['!', '?', ',', '…']) {
        return false;
    }
    let mut words = 0;
    let mut capitals = 0;
    for word in line
        .split([' ', '\u{a0}', ','])
        .filter(|word| !word.is_empty())
    {
        words += 1;
        let first = word
            .trim_start_matches(['(', '"', '“', '„', '\''])
            .chars()
            .next();
        let capital = first.is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
        if capital && !word.bytes().any(|b| b.is_ascii_digit()) {
            capitals += 1;
        } else if !PARTICLES.contains(&word) {
            return false;
        }
    }
    if line.ends_with('.') {
        let lower = line.to_lowercase();
        let last = lower.rsplit(' ').next().unwrap_or_default();
        let degree = last.matches('.').count() >= 2 || SUFFIXES.contains(&last) || last.len() <= 2;
        if !degree {
            return false;
        }
    }
    let unspaced = line
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase());
    capitals > 0 && words <= 5 && (!unspaced || line.chars().count() <= 8)
}

/// Letters of scripts without blanks above which a line is no way to reach somebody: an address in a
/// Japanese city has about as many.
const MAX_UNSPACED: usize = 24;

/// A way to reach somebody: an address, a link or a telephone number with few words around it.
pub(super) fn is_contact(line: &str) -> bool {
    let ends = line.ends_with(['!', '?', '。', '！', '？']);
    if line.len() > 160 || ends || (line.ends_with('.') && line.len() > 60) {
        return false;
    }
    // Where no blanks stand between words a sentence is one word.
    let unspaced = line
        .chars()
        .filter(|c| ('\u{3040}'..='\u{9fff}').contains(c));
    if unspaced.take(MAX_UNSPACED + 1).count() > MAX_UNSPACED {
        return false;
    }
    let words = line.split_whitespace().count();
    let address = line.split_whitespace().any(|word| {
        word.find('@')
            .is_some_and(|at| at > 0 && word[at..].contains('.'))
    });
    if address && words <= 6 {
        return true;
    }
    let linked = line.contains("://") || line.contains("www.");
    if linked && words <= 5 {
        return true;
    }
    has_phone(line) && words <= 10
}

/// Seven digits or more with nothing but telephone punctuation between them, no longer than a
/// number is.
fn has_phone(line: &str) -> bool {
    let mut digits = 0;
    let mut separators = 0;
    for c in line.chars() {
        match c {
            c if c.is_ascii_digit() => {
                digits += 1;
                separators = 0;
                if digits >= 7 {
                    return true;
                }
            }
            ' ' | '-' | '.' | '(' | ')' | '/' | '+' | '\u{a0}' if separators < 3 => separators += 1,
            _ => {
                digits = 0;
                separators = 0;
            }
        }
    }
    false
}

/// Short and without the end of a sentence: a name, a title, a firm, a street.
pub(super) fn is_title(line: &str) -> bool {
    let begins = line
        .chars()
        .find(|c| c.is_alphanumeric())
        .is_some_and(|c| !c.is_lowercase());
    begins
        && line.chars().count() <= 64
        && line.split_whitespace().count() <= 9
        && (!line.ends_with(['.', '!', '?', ':', ';', '。', '！', '？'])
            || is_name(line)
            || line.ends_with("Inc.")
            || line.ends_with("Ltd."))
}

/// Marks of direction and blanks of no width, which clients put around what they write.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Whether a text may have a colon, of usual width or wide; without one of its octets it has none.
pub(super) fn may_have_colon(text: &str) -> bool {
    const WIDE: u8 = 0xEF;
    memchr::memchr2(b':', WIDE, text.as_bytes()).is_some()
}

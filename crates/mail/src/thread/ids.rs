//! Message-IDs as threading compares them.

/// Octets an id may have: what fits a line (RFC 5322 §2.1.1).
const MAX_LEN: usize = 998;

/// The ids in a field, in order. With brackets anywhere, only what stands in them counts (old
/// clients write `Your message of "Mon, 1 Jan" <id>`); without, every word with an `@`, or the whole
/// field if it is a single word. Ids may be run together, quoted, doubly bracketed, escaped for
/// HTML, or broken by a fold.
pub(super) fn ids(field: &str) -> Vec<String> {
    let unescaped;
    let field = if field.contains("&lt;") {
        unescaped = field.replace("&lt;", "<").replace("&gt;", ">");
        &unescaped
    } else {
        field
    };
    if field.contains('<') {
        return field
            .split('<')
            .skip(1)
            .filter_map(|piece| piece.split_once('>'))
            .filter_map(|(inner, _)| normal(inner))
            .collect();
    }
    let mut words = field
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
        .filter(|word| !word.is_empty())
        .peekable();
    let Some(first) = words.next() else {
        return Vec::new();
    };
    if words.peek().is_none() {
        return normal(first).into_iter().collect();
    }
    std::iter::once(first)
        .chain(words)
        .filter(|word| word.contains('@'))
        .filter_map(normal)
        .collect()
}

/// The id in the form in which two are compared: no brackets, quotes or white space, the domain in
/// lower case. The part before the `@` keeps its case: two messages may differ in it alone.
pub(super) fn normal(id: &str) -> Option<String> {
    if id.len() > MAX_LEN {
        return None;
    }
    let bare: String = id
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    let bare = bare.trim_matches(['<', '>', '"', '\'', '(', ')', '[', ']', ',', ';']);
    let id = match bare.rsplit_once('@') {
        Some((local, domain)) => {
            let local = local.trim_matches('"');
            format!("{local}@{}", domain.to_lowercase())
        }
        None => bare.to_owned(),
    };
    (id.len() > 1).then_some(id)
}

/// Amazon SES names its messages without a domain when it takes them and with one in their headers.
pub(super) fn without_relay_domain(id: &str) -> Option<&str> {
    let (local, domain) = id.rsplit_once('@')?;
    (domain == "amazonses.com" || domain.ends_with(".amazonses.com")).then_some(local)
}

/// Whether two messages that both name it can be siblings: a word without an `@` is a mistake of a
/// client's, not the name of a message.
pub(super) fn is_plausible(id: &str) -> bool {
    id.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

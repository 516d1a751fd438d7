//! People as a header block in a text names them: the damage of rendering included.

use crate::Correspondent;

/// People read from one value.
const MAX_PEOPLE: usize = 200;

/// Reads `Ann Lee <ann@a.example>` in the forms that survive in texts: `ann@a.example`,
/// `Ann [mailto:ann@a.example]`, `Ann <ann@a.example<mailto:ann@a.example>>`,
/// `[ann@a.example](mailto:ann@a.example)`, `Ann (ann@a.example)`, `ann@a.example (Ann)`. Without an
/// address, everything is the name and the address is empty. `None` for nothing at all.
pub(super) fn person(raw: &str) -> Option<Correspondent> {
    let raw = raw.trim();
    let Some((start, end)) = address_in(raw) else {
        let name = tidy(raw);
        return (!name.is_empty()).then(|| Correspondent {
            name: Some(name),
            address: String::new(),
        });
    };
    let address = raw.get(start..end).unwrap_or_default().to_owned();
    let before = raw.get(..start).unwrap_or_default();
    let before = before.strip_suffix("mailto:").unwrap_or(before);
    let mut name = tidy(before);
    if name.is_empty() {
        let after = raw.get(end..).unwrap_or_default().trim_start();
        name = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
            .map(|(inner, _)| tidy(inner))
            .filter(|name| !name.contains("mailto:"))
            .unwrap_or_default();
    }
    let name = Some(name).filter(|name| !name.is_empty() && *name != address);
    Some(Correspondent { name, address })
}

/// Reads a list of people divided by commas or semicolons.
pub(super) fn people(raw: &str) -> Vec<Correspondent> {
    pieces(raw)
        .into_iter()
        .filter_map(|piece| person(&piece))
        .take(MAX_PEOPLE)
        .collect()
}

/// The list cut at its dividers: at semicolons if there are any outside quotes and brackets (Outlook
/// writes `Lee, Ann; Roe, Bob`), else at commas that do not divide a name.
fn pieces(raw: &str) -> Vec<String> {
    let semicolons = cut(raw, ';');
    if semicolons.len() > 1 {
        return semicolons.into_iter().map(ToOwned::to_owned).collect();
    }
    let mut out: Vec<String> = Vec::new();
    let mut open = String::new();
    for piece in cut(raw, ',') {
        if !open.is_empty() {
            open.push(',');
        }
        open.push_str(piece);
        if piece.contains('@') {
            out.push(std::mem::take(&mut open));
        }
    }
    if !open.trim().is_empty() {
        out.extend(cut(&open, ',').into_iter().map(ToOwned::to_owned));
    }
    out
}

fn cut(raw: &str, divider: char) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut quoted, mut depth, mut from) = (false, 0_usize, 0);
    for (at, c) in raw.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '<' | '(' | '[' if !quoted => depth += 1,
            '>' | ')' | ']' if !quoted => depth = depth.saturating_sub(1),
            c if c == divider && !quoted && depth == 0 => {
                out.push(raw.get(from..at).unwrap_or_default());
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(raw.get(from..).unwrap_or_default());
    out.retain(|piece| !piece.trim().is_empty());
    out
}

/// The octets of the address to prefer: the first one inside angle brackets, else the first.
fn address_in(raw: &str) -> Option<(usize, usize)> {
    let mut first = None;
    for (at, _) in raw.match_indices('@').take(8) {
        let Some(found) = around(raw, at) else {
            continue;
        };
        let before = raw.get(..found.0).unwrap_or_default();
        let before = before.strip_suffix("mailto:").unwrap_or(before);
        if before.ends_with('<') {
            return Some(found);
        }
        first = first.or(Some(found));
    }
    first
}

/// The address around the `@` at `at`.
fn around(raw: &str, at: usize) -> Option<(usize, usize)> {
    let local = raw.get(..at)?;
    let start = local
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_local(*c))
        .last()?
        .0;
    // `'ann@a.example'`: the quotes are not the address's.
    let start = start + local.get(start..)?.len()
        - local.get(start..)?.trim_start_matches(['\'', '/']).len();
    if start >= at {
        return None;
    }
    let domain = raw.get(at + 1..)?;
    let length = domain
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
        .map_or(domain.len(), |(end, _)| end);
    let domain = domain.get(..length)?.trim_end_matches(['.', '-', '_']);
    (!domain.is_empty()).then_some((start, at + 1 + domain.len()))
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            '.' | '_' | '-' | '+' | '=' | '&' | '\'' | '/' | '#' | '!' | '%' | '~' | '$'
        )
}

/// A name without the quotes, brackets and marks around it, its white space collapsed.
fn tidy(raw: &str) -> String {
    let bare = raw.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\''
                    | '<'
                    | '>'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '*'
                    | ','
                    | ';'
                    | ':'
                    | '«'
                    | '»'
                    | '„'
                    | '“'
                    | '”'
                    | '‘'
                    | '’'
            )
    });
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Who an attribution (`On 28/10/2021 12:46, "Ann Lee" <ann@a.example> wrote:`) names. The words
/// around the name are in any language: the name is what stands in quotes before the address, or
/// the capitalised words after the last number or comma. An address outside brackets is prose.
pub(super) fn in_attribution(line: &str) -> Option<Correspondent> {
    let (start, end) = address_in(line)?;
    let address = line.get(start..end)?.to_owned();
    let before = line.get(..start)?;
    let before = before.strip_suffix("mailto:").unwrap_or(before);
    let bare = before.trim_end_matches(['<', '(', '[', ' ', '\u{a0}']);
    if !before.ends_with(['<', '(', '[']) {
        return None;
    }
    let before = bare;
    let name = match before.strip_suffix(['"', '”', '»', '“']) {
        Some(inner) => inner.rsplit(['"', '„', '“', '«', '”']).next().map(tidy),
        None => before
            .rsplit(|c: char| c.is_numeric() || matches!(c, ',' | ':' | ';'))
            .next()
            .map(|words| {
                let mut words = words.split_whitespace().peekable();
                while words
                    .next_if(|word| word.starts_with(char::is_lowercase))
                    .is_some()
                {}
                tidy(&words.collect::<Vec<_>>().join(" "))
            }),
    };
    Some(Correspondent {
        name: name.filter(|name| !name.is_empty() && *name != address),
        address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_in_all_their_forms() {
        for (raw, name, address) in [
            ("ann@a.example", None, "ann@a.example"),
            ("Ann <ann@a.example>", Some("Ann"), "ann@a.example"),
            ("Ann [mailto:ann@a.example]", Some("Ann"), "ann@a.example"),
            (
                "Ann <ann@a.example<mailto:ann@a.example>>",
                Some("Ann"),
                "ann@a.example",
            ),
            ("ann@a.example <ann@a.example>", None, "ann@a.example"),
            (
                "ann@a.example <mailto:ann@a.example>",
                None,
                "ann@a.example",
            ),
            (
                "[ann@a.example](mailto:ann@a.example)",
                None,
                "ann@a.example",
            ),
            ("Ann (ann@a.example)", Some("Ann"), "ann@a.example"),
            ("ann@a.example (Ann Lee)", Some("Ann Lee"), "ann@a.example"),
            (
                "\"Lee, Ann\" <ann@a.example>",
                Some("Lee, Ann"),
                "ann@a.example",
            ),
            (
                "'Ann Lee' via List <list@l.example>",
                Some("Ann Lee' via List"),
                "list@l.example",
            ),
            (
                "ann@home <ann@a.example>",
                Some("ann@home"),
                "ann@a.example",
            ),
            ("Ann Lee", Some("Ann Lee"), ""),
            ("Зоя <зоя@пример.рф>", Some("Зоя"), "зоя@пример.рф"),
        ] {
            let found = person(raw).unwrap();
            assert_eq!(found.name.as_deref(), name, "{raw}");
            assert_eq!(found.address, address, "{raw}");
        }
        assert_eq!(person(" <> "), None);
        let many = people("Lee, Ann <a@a.example>; Roe, Bob <b@b.example>; <c@c.example>");
        let names: Vec<_> = many
            .iter()
            .map(|one| one.name.clone().unwrap_or_default())
            .collect();
        assert_eq!(names, ["Lee, Ann", "Roe, Bob", ""]);
        assert_eq!(people("Lee, Ann <a@a.example>, b@b.example").len(), 2);
    }
}

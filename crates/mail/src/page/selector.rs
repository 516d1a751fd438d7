//! CSS selectors, as far as mail uses them.

/// Characters of a selector that are read.
const MAX_SELECTOR: usize = 400;

/// Which child an element has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Number(usize),
    Odd,
    Even,
}

impl Child {
    pub(super) const fn is(self, number: usize) -> bool {
        match self {
            Self::Number(wanted) => number == wanted,
            Self::Odd => number % 2 == 1,
            Self::Even => number.is_multiple_of(2),
        }
    }
}

/// One selector. Simple selectors are keys: `name`, `.class`, `#id`, `[attribute=value]`, `*`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// The simple selector that decides most: id, class, attribute, name.
    pub(super) key: String,
    /// The others that the element must have.
    pub(super) also: Vec<String>,
    pub(super) not: Vec<String>,
    pub(super) child: Option<Child>,
    /// What an element around has, from outside to inside.
    pub(super) within: Vec<String>,
    /// What an element before has.
    pub(super) after: Vec<String>,
}

/// The simple selectors of one element.
#[derive(Default)]
struct Compound {
    keys: Vec<String>,
    not: Vec<String>,
    child: Option<Child>,
}

/// Reads one selector; none when it depends on what the reader does (`:hover`), is about what is
/// not in the text (`::before`) or cannot be read.
pub(super) fn selector(text: &str) -> Option<Selector> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() || text.len() > MAX_SELECTOR {
        return None;
    }
    let mut selector = Selector::default();
    let mut last = Compound::default();
    for (index, (combinator, compound)) in compounds(&text).into_iter().enumerate() {
        let before = std::mem::replace(&mut last, read(compound)?);
        if index > 0 {
            let places = match combinator {
                '+' | '~' => &mut selector.after,
                _ => &mut selector.within,
            };
            places.push(strongest(before.keys)?.0);
        }
    }
    let (key, also) = strongest(last.keys)?;
    selector.key = key;
    selector.also = also;
    selector.not = last.not;
    selector.child = last.child;
    Some(selector)
}

/// The compounds with the combinator before each.
fn compounds(text: &str) -> Vec<(char, &str)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut combinator = ' ';
    let mut next = ' ';
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && (c.is_whitespace() || matches!(c, '>' | '+' | '~')) => {
                if let Some(compound) = text.get(start..at).filter(|text| !text.is_empty()) {
                    found.push((combinator, compound));
                    next = ' ';
                }
                if !c.is_whitespace() {
                    next = c;
                }
                combinator = next;
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found
}

/// The strongest key and the rest.
fn strongest(mut keys: Vec<String>) -> Option<(String, Vec<String>)> {
    let strength = |key: &String| match key.as_bytes().first() {
        Some(b'#') => 4,
        Some(b'.') => 3,
        Some(b'[') => 2,
        Some(b'*') => 0,
        _ => 1,
    };
    let (at, _) = keys
        .iter()
        .enumerate()
        .max_by_key(|(at, key)| (strength(key), *at))?;
    let key = keys.swap_remove(at);
    keys.retain(|key| key != "*");
    Some((key, keys))
}

fn read(text: &str) -> Option<Compound> {
    let mut compound = Compound::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let tail = rest.get(first.len_utf8()..)?;
        match first {
            '[' => {
                let (inner, after) = tail.split_once(']')?;
                compound.keys.push(attribute(inner));
                rest = after;
            }
            ':' => rest = pseudo(tail, &mut compound)?,
            '*' => {
                compound.keys.push("*".to_owned());
                rest = tail;
            }
            _ => {
                let end = tail.find(['.', '#', '[', ':', '*']).unwrap_or(tail.len());
                let end = first.len_utf8() + end;
                compound.keys.push(rest.get(..end)?.to_owned());
                rest = rest.get(end..)?;
            }
        }
    }
    if compound.keys.is_empty() {
        compound.keys.push("*".to_owned());
    }
    Some(compound)
}

/// `[name=value]` without quotes; other operators than `=` stand for having the attribute.
fn attribute(inner: &str) -> String {
    match inner.split_once('=') {
        Some((name, value)) if !name.ends_with(['~', '^', '*', '$', '|']) => {
            format!(
                "[{}={}",
                name.trim(),
                value.trim().trim_matches(['"', '\''])
            )
        }
        Some((name, _)) => {
            let name = name.trim_end_matches(['~', '^', '*', '$', '|']);
            format!("[{}", name.trim())
        }
        None => format!("[{}", inner.trim()),
    }
}

fn pseudo<'a>(text: &'a str, compound: &mut Compound) -> Option<&'a str> {
    let end = text.find(['.', '#', '[', ':', '(']).unwrap_or(text.len());
    let name = text.get(..end)?;
    let rest = text.get(end..)?;
    let (argument, after) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (argument, after) = inner.split_once(')')?;
            (argument.trim(), after)
        }
        None => ("", rest),
    };
    match name {
        "not" => {
            let inner = read(argument).filter(|inner| inner.child.is_none())?;
            compound.not.extend(inner.keys.into_iter().take(1));
        }
        "first-child" => compound.child = Some(Child::Number(1)),
        "nth-child" => {
            compound.child = Some(match argument {
                "odd" | "2n+1" => Child::Odd,
                "even" | "2n" => Child::Even,
                "n" => return Some(after),
                number => Child::Number(number.parse().ok()?),
            });
        }
        "root" => compound.keys.push("html".to_owned()),
        "link" | "any-link" => compound.keys.push("[href".to_owned()),
        _ => return None,
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_by_their_strongest_part() {
        let read = |text: &str| {
            selector(text).map(|s| {
                (
                    s.key,
                    s.also.join(" "),
                    s.within.join(" "),
                    s.after.join(" "),
                )
            })
        };
        let of = |key: &str, also: &str, within: &str, after: &str| {
            Some((key.into(), also.into(), within.into(), after.into()))
        };
        for (text, want) in [
            ("p", of("p", "", "", "")),
            (".a", of(".a", "", "", "")),
            ("TD.a#b", of("#b", "td .a", "", "")),
            ("div.x > p", of("p", "", ".x", "")),
            (".a .b  .c", of(".c", "", ".a .b", "")),
            ("p + p", of("p", "", "", "p")),
            ("[data-x=\"y\"]", of("[data-x=y", "", "", "")),
            ("a[class~='q']", of("[class", "a", "", "")),
            ("*", of("*", "", "", "")),
            ("a:hover", None),
            ("p::before", None),
            ("", None),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        let not = selector("p:not(.shown)");
        assert_eq!(not.map(|s| s.not), Some(vec![".shown".to_owned()]));
        let child = selector("tr:nth-child(even)").and_then(|s| s.child);
        assert!(child.is_some_and(|child| child.is(2) && !child.is(3)));
    }
}

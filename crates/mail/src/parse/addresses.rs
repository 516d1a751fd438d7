//! Address lists of received headers (RFC 5322 §3.4, §4.4), read leniently in one pass.

use super::words;
use crate::mailbox::Correspondent;

/// Everyone named in an unfolded address field. Group names are dropped, their members kept; an
/// entry without `@` is kept as written.
pub(super) fn read(text: &str) -> Vec<Correspondent> {
    let mut reader = Reader {
        rest: text,
        entry: Entry::default(),
        found: Vec::new(),
        quotes: true,
        parentheses: true,
    };
    reader.run();
    reader.found
}

#[derive(Default)]
struct Entry {
    /// Words before the angle bracket, or the bare address.
    phrase: String,
    angle: Option<String>,
    comment: String,
    /// The phrase holds text from a quoted string.
    quoted: bool,
}

struct Reader<'a> {
    rest: &'a str,
    entry: Entry,
    found: Vec<Correspondent>,
    /// Whether a closing quote, or parenthesis, can still follow. After one failed search there
    /// is none, and searching again at every further opening one would be quadratic.
    quotes: bool,
    parentheses: bool,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            let after = self.rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '"' if self.quotes && self.quoted_string(after) => continue,
                '(' if self.parentheses && self.comment(after) => continue,
                '<' => {
                    self.angle(after);
                    continue;
                }
                ',' | ';' => self.flush(),
                ':' if self.entry.angle.is_none() && is_group_name(&self.entry.phrase) => {
                    self.entry = Entry::default();
                }
                '=' if after.starts_with('?') => {
                    self.encoded_word();
                    continue;
                }
                '[' => {
                    self.literal(after);
                    continue;
                }
                c => self.entry.phrase.push(c),
            }
            self.rest = after;
        }
        self.flush();
    }

    fn quoted_string(&mut self, text: &str) -> bool {
        let mut plain = String::new();
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            match c {
                c if escaped => {
                    plain.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    let after = text.get(at + 1..).unwrap_or_default();
                    // `"ann lee"@a.example` is a local part and keeps its quotes.
                    if after.starts_with('@') {
                        self.entry.phrase.push_str(&crate::address::quoted(&plain));
                    } else {
                        self.entry.phrase.push_str(&plain);
                        self.entry.quoted = true;
                    }
                    self.advance(text, at + 1);
                    return true;
                }
                c => plain.push(c),
            }
        }
        self.quotes = false;
        false
    }

    fn comment(&mut self, text: &str) -> bool {
        let mut depth = 1usize;
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        self.entry.comment = text.get(..at).unwrap_or_default().to_owned();
                        self.advance(text, at + 1);
                        return true;
                    }
                }
                _ => {}
            }
        }
        self.parentheses = false;
        false
    }

    /// The text between `<` and `>`; without a `>`, everything up to the next comma.
    fn angle(&mut self, text: &str) {
        let text = text.trim_start_matches('<');
        let end = text
            .find(['>', '<'])
            .filter(|&at| text[at..].starts_with('>'));
        let (inner, used) = match end {
            Some(end) => (text.get(..end), end + 1),
            None => {
                let end = text.find([',', '<']).unwrap_or(text.len());
                (text.get(..end), end)
            }
        };
        let inner = inner.unwrap_or_default();
        // A source route (RFC 5321 appendix C): `<@relay,@relay:ann@a.example>`.
        let inner = match inner.rsplit_once(':') {
            Some((route, address)) if route.trim_start().starts_with('@') => address,
            _ => inner,
        };
        if self.entry.angle.is_none() {
            self.entry.angle = Some(tidy(inner));
        }
        self.advance(text, used);
        self.rest = self.rest.trim_start_matches('>');
    }

    /// An encoded word goes in whole: it may hold a comma that must not end the entry.
    fn encoded_word(&mut self) {
        let text = self.rest;
        let marks = text.match_indices('?').nth(2).map(|(at, _)| at + 1);
        let end = marks.filter(|&at| at < 80).and_then(|at| {
            let body = text.get(at..)?;
            let window = body.get(..body.floor_char_boundary(200)).unwrap_or(body);
            window.find("?=").map(|end| at + end + 2)
        });
        let end = end.unwrap_or(2);
        self.entry
            .phrase
            .push_str(text.get(..end).unwrap_or_default());
        self.rest = text.get(end..).unwrap_or_default();
    }

    /// A domain literal, whose colons begin no group.
    fn literal(&mut self, text: &str) {
        let window = text.get(..text.floor_char_boundary(100)).unwrap_or(text);
        let end = window.find(']').map_or(0, |at| at + 1);
        self.entry.phrase.push('[');
        self.entry
            .phrase
            .push_str(text.get(..end).unwrap_or_default());
        self.advance(text, end);
    }

    fn advance(&mut self, text: &str, by: usize) {
        // `text` is a suffix of what is left, so cutting from the end keeps the borrow of `rest`.
        let left = text.len() - by.min(text.len());
        let at = self.rest.len() - left;
        self.rest = self.rest.get(at..).unwrap_or_default();
    }

    fn flush(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let phrase = words::decode(&entry.phrase);
        let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
        let phrase = super::header::without_controls(&phrase).into_owned();
        let bare_entry = entry.angle.is_none();
        let named = !phrase.is_empty();
        let (mut name, address) = match entry.angle {
            Some(address) => (phrase, address),
            None => bare(phrase, entry.quoted),
        };
        if name.is_empty() && !entry.comment.is_empty() {
            name = words::decode(&entry.comment);
            name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if address.is_empty() && !named {
            return;
        }
        if bare_entry && address.contains(' ') && !address.starts_with('"') {
            // `ann@a.example bob@b.example`: a list whose commas are missing.
            let words = address.split(' ').map(|address| Correspondent {
                name: None,
                address: address.to_owned(),
            });
            if address.split(' ').all(is_complete) {
                self.found.extend(words);
                return;
            }
        }
        self.found.push(Correspondent {
            name: Some(name).filter(|name| !name.is_empty()),
            address,
        });
    }
}

/// An entry without angle brackets: an address, or a name and an address with only a blank
/// between them, or neither.
fn bare(phrase: String, quoted: bool) -> (String, String) {
    if !phrase.contains('@') || phrase.starts_with('"') {
        return (String::new(), phrase);
    }
    if !phrase.contains(' ') {
        return (String::new(), phrase);
    }
    match phrase.rsplit_once(' ') {
        Some((name, address)) if address.contains('@') && (quoted || !name.contains('@')) => {
            (name.to_owned(), address.to_owned())
        }
        _ if phrase.split(' ').all(is_complete) => (String::new(), phrase),
        // White space around the `@` or the dots of the obsolete syntax.
        _ => (String::new(), tidy(&phrase)),
    }
}

fn is_complete(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// An address without white space, comments and `mailto:`.
fn tidy(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut in_quotes = false;
    let mut comments = 0usize;
    for c in address.chars() {
        match c {
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => comments += 1,
            ')' if !in_quotes && comments > 0 => {
                comments -= 1;
                continue;
            }
            c if c.is_control() => continue,
            c if c.is_whitespace() && !in_quotes => continue,
            _ => {}
        }
        if comments == 0 {
            out.push(c);
        }
    }
    if let Some(bare) = out.strip_prefix("mailto:") {
        return bare.to_owned();
    }
    out
}

fn is_group_name(phrase: &str) -> bool {
    !phrase.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        read(text)
            .iter()
            .map(|c| format!("{}|{}", c.name.as_deref().unwrap_or(""), c.address))
            .collect()
    }

    #[test]
    fn lists_are_read_as_mailers_write_them() {
        for (text, want) in [
            ("ann@a.example", vec!["|ann@a.example"]),
            (
                "Ann Lee <ann@a.example>, bob@b.example",
                vec!["Ann Lee|ann@a.example", "|bob@b.example"],
            ),
            (
                "\"Lee, Ann\" <ann@a.example>",
                vec!["Lee, Ann|ann@a.example"],
            ),
            ("ann@a.example (Ann Lee)", vec!["Ann Lee|ann@a.example"]),
            (
                "Team: ann@a.example, Bob <bob@b.example>;",
                vec!["|ann@a.example", "Bob|bob@b.example"],
            ),
            ("undisclosed-recipients:;", vec![]),
            (
                "ann@a.example bob@b.example",
                vec!["|ann@a.example", "|bob@b.example"],
            ),
            (
                "Pete(A \\) chap) <pete(his)@silly.test(host)>",
                vec!["Pete|pete@silly.test"],
            ),
            (
                "T(x): Jo <jo@a.example> (my friend); (the end)",
                vec!["Jo|jo@a.example"],
            ),
            (",, ann@a.example,,", vec!["|ann@a.example"]),
            (
                "=?utf-8?Q?Lee,_Zo=C3=AB?= <zoe@a.example>",
                vec!["Lee, Zoë|zoe@a.example"],
            ),
            (
                "\"=?utf-8?Q?Zo=C3=AB?=\" <zoe@a.example>",
                vec!["Zoë|zoe@a.example"],
            ),
            ("Ann <ann@a.example", vec!["Ann|ann@a.example"]),
            ("<<ann@a.example>>", vec!["|ann@a.example"]),
            (
                "<@r.example,@s.example:ann@a.example>",
                vec!["|ann@a.example"],
            ),
            ("Ann Lee ann@a.example", vec!["Ann Lee|ann@a.example"]),
            ("ann @ a . example", vec!["|ann@a.example"]),
            ("\"ann lee\"@a.example", vec!["|\"ann lee\"@a.example"]),
            ("a@[IPv6:2001:db8::1]", vec!["|a@[IPv6:2001:db8::1]"]),
            ("Mail System <>", vec!["Mail System|"]),
            ("matmail", vec!["|matmail"]),
            ("Ann \"the <ann@a.example>", vec!["Ann \"the|ann@a.example"]),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn floods_take_linear_time() {
        for unit in ["\"", "(", "<", "\\\"", "=?", "[", "a@b.example,", "("] {
            let text = unit.repeat(300_000);
            read(&text);
        }
        assert_eq!(read(&"a@b.example, ".repeat(100_000)).len(), 100_000);
    }
}

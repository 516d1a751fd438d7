//! What the codes of a font mean in Unicode (ISO 32000-1, 9.10.3).

use std::collections::BTreeMap;

/// Codes that are read, also those that are said again and again.
const MOST_CODES: usize = 200_000;

/// Characters that one code stands for at most.
const MOST_CHARACTERS: usize = 64;

/// A table from codes to characters.
#[derive(Default)]
pub(crate) struct ToUnicode {
    /// By how many octets the code has, and the code.
    meanings: BTreeMap<(usize, u32), String>,
    /// Ranges of codes: octets, first, last.
    spaces: Vec<(usize, u32, u32)>,
    /// Codes that were read.
    read: usize,
}

enum Token<'a> {
    /// Octets between `<` and `>`.
    Code(Vec<u8>),
    /// `[` or `]`.
    Bracket(u8),
    /// Anything else.
    Word(&'a [u8]),
}

impl ToUnicode {
    /// Reads a table. What is wrong in it is left out.
    pub(crate) fn read(program: &[u8]) -> Self {
        let mut table = Self::default();
        let mut codes: Vec<Entry> = Vec::new();
        let mut list: Option<Vec<Vec<u8>>> = None;
        let mut rest = program;
        while let Some((token, after)) = token(rest) {
            rest = after;
            match token {
                Token::Code(code) => match &mut list {
                    Some(list) if list.len() < MOST_CODES => list.push(code),
                    Some(_) => {}
                    None if codes.len() < MOST_CODES => codes.push(Entry::Code(code)),
                    None => {}
                },
                Token::Bracket(b'[') => list = Some(Vec::new()),
                Token::Bracket(_) => {
                    if let Some(list) = list.take() {
                        codes.push(Entry::List(list));
                    }
                }
                Token::Word(word) => {
                    match word {
                        b"endcodespacerange" => table.spaces_of(&codes),
                        b"endbfchar" => table.chars_of(&codes),
                        b"endbfrange" => table.ranges_of(&codes),
                        word if word.starts_with(b"begin") || word.starts_with(b"end") => {}
                        _ => continue,
                    }
                    codes.clear();
                }
            }
        }
        table
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// What a code of so many octets stands for.
    pub(crate) fn get(&self, octets: usize, code: u32) -> Option<&str> {
        self.meanings.get(&(octets, code)).map(String::as_str)
    }

    /// How many octets the code at the beginning of a string has, as far as the table says.
    pub(crate) fn octets(&self, string: &[u8]) -> Option<usize> {
        let fits = |(octets, first, last): &&(usize, u32, u32)| {
            let code = string.get(..*octets).map(number);
            code.is_some_and(|code| (*first..=*last).contains(&code))
        };
        self.spaces.iter().find(fits).map(|(octets, ..)| *octets)
    }

    fn spaces_of(&mut self, codes: &[Entry]) {
        for pair in codes.chunks_exact(2) {
            if let [Entry::Code(first), Entry::Code(last)] = pair
                && (1..=4).contains(&first.len())
                && first.len() == last.len()
                && self.spaces.len() < 100
            {
                self.spaces.push((first.len(), number(first), number(last)));
            }
        }
    }

    fn chars_of(&mut self, codes: &[Entry]) {
        for pair in codes.chunks_exact(2) {
            if let [Entry::Code(code), Entry::Code(meaning)] = pair {
                self.put(code.len(), number(code), utf16(meaning));
            }
        }
    }

    fn ranges_of(&mut self, codes: &[Entry]) {
        for triple in codes.chunks_exact(3) {
            let [Entry::Code(first), Entry::Code(last), meaning] = triple else {
                continue;
            };
            let (octets, from, until) = (first.len(), number(first), number(last));
            match meaning {
                Entry::List(list) => {
                    for (code, meaning) in (from..=until).zip(list) {
                        self.put(octets, code, utf16(meaning));
                    }
                }
                Entry::Code(meaning) => {
                    // The last unit counts up with the code.
                    let mut units = units(meaning);
                    let Some(last) = units.pop() else { continue };
                    for (code, unit) in (from..=until).zip(last..=u16::MAX) {
                        if self.read >= MOST_CODES {
                            return;
                        }
                        units.push(unit);
                        self.put(octets, code, String::from_utf16_lossy(&units));
                        units.pop();
                    }
                }
            }
        }
    }

    fn put(&mut self, octets: usize, code: u32, meaning: String) {
        self.read += 1;
        let sensible = meaning.chars().any(|c| !matches!(c, '\0' | '\u{fffd}'));
        if (1..=4).contains(&octets) && self.read <= MOST_CODES && sensible {
            self.meanings.insert((octets, code), meaning);
        }
    }
}

enum Entry {
    Code(Vec<u8>),
    List(Vec<Vec<u8>>),
}

fn number(code: &[u8]) -> u32 {
    let last = code.iter().rev().take(4).rev();
    last.fold(0, |number, octet| number << 8 | u32::from(*octet))
}

fn units(meaning: &[u8]) -> Vec<u16> {
    if let [one] = meaning {
        return vec![u16::from(*one)];
    }
    let pairs = meaning.chunks_exact(2).take(MOST_CHARACTERS);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

fn utf16(meaning: &[u8]) -> String {
    String::from_utf16_lossy(&units(meaning))
}

/// The next token of a program and what follows it.
fn token(program: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let mut rest = program.trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"%") {
        let end = memchr::memchr2(b'\n', b'\r', comment)?;
        rest = comment.get(end..)?.trim_ascii_start();
    }
    match rest.first()? {
        b'<' if !rest.starts_with(b"<<") => {
            let inside = rest.get(1..)?;
            let end = memchr::memchr(b'>', inside)?;
            let digits = inside.get(..end)?.iter().filter_map(|b| {
                let digit = char::from(*b).to_digit(16)?;
                u8::try_from(digit).ok()
            });
            let digits: Vec<u8> = digits.collect();
            let octets = digits
                .chunks(2)
                .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0));
            Some((Token::Code(octets.collect()), inside.get(end + 1..)?))
        }
        bracket @ (b'[' | b']') => Some((Token::Bracket(*bracket), rest.get(1..)?)),
        _ => {
            let ends = |b: &u8| b.is_ascii_whitespace() || b"[]<%".contains(b);
            let inner = rest.get(1..)?;
            let end = inner.iter().position(ends).unwrap_or(inner.len()) + 1;
            let (word, after) = rest.split_at_checked(end)?;
            Some((Token::Word(word), after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ranges_and_lists_are_read() {
        let table = ToUnicode::read(
            b"/CIDInit /ProcSet findresource begin 1 dict dup begin % a comment <0000>\n\
            1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
            2 beginbfchar <0001> <0041> <0002> <D83DDE00> endbfchar\n\
            2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<00660069> <0078>] endbfrange",
        );
        for (code, meaning) in [
            (1, Some("A")),
            (2, Some("😀")),
            (0x10, Some("a")),
            (0x12, Some("c")),
            (0x13, None),
            (0x20, Some("fi")),
            (0x21, Some("x")),
        ] {
            assert_eq!(table.get(2, code), meaning, "{code:x}");
        }
        assert_eq!(table.octets(b"\0\x01"), Some(2));
        assert_eq!(table.octets(b"\0"), None);
    }

    #[test]
    fn a_range_of_everything_stays_small() {
        let table = ToUnicode::read(b"beginbfrange <00000000> <FFFFFFFF> <0000> endbfrange");
        assert!(table.meanings.len() <= MOST_CODES);
        assert!(ToUnicode::read(b"<").is_empty());
    }
}

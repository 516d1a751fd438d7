//! Numbers, words and marks of a sentence, from which dates are read.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A number and how many digits it has.
    Number(u32, usize),
    Word(&'a str),
    /// One character between words.
    Mark(char),
    Blank,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Characters that are words of their own in a date of Chinese, Japanese or Korean.
const UNITS: [char; 9] = ['年', '月', '日', '号', '號', '년', '월', '일', '夜'];

pub(super) fn tokens(sentence: &str) -> Vec<Token<'_>> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        c if UNITS.contains(&c) => 3,
        c if c.is_alphabetic()
            || matches!(c, '\'' | '\u{900}'..='\u{97F}' | '\u{E30}'..='\u{E4E}') =>
        {
            1
        }
        c if c.is_whitespace() => 2,
        _ => 3,
    };
    let mut found = Vec::new();
    let mut chars = sentence.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let kind = class(c);
        let mut end = start + c.len_utf8();
        while let Some((at, next)) = chars.peek() {
            if kind == 3 || class(*next) != kind {
                break;
            }
            end = at + next.len_utf8();
            chars.next();
        }
        let text = sentence.get(start..end).unwrap_or_default();
        let kind = match kind {
            0 => Kind::Number(text.parse().unwrap_or(u32::MAX), text.len()),
            1 => Kind::Word(text),
            2 => Kind::Blank,
            _ => Kind::Mark(c),
        };
        found.push(Token { kind, start, end });
    }
    found
}

/// Tokens one at a time.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t, 'a> {
    pub(super) tokens: &'t [Token<'a>],
    pub(super) at: usize,
}

impl<'a> Cursor<'_, 'a> {
    pub(super) fn peek(&self) -> Option<Kind<'a>> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    pub(super) fn blanks(&mut self) {
        while self.peek() == Some(Kind::Blank) {
            self.at += 1;
        }
    }

    pub(super) fn mark(&mut self, wanted: &[char]) -> Option<char> {
        match self.peek() {
            Some(Kind::Mark(c)) if wanted.contains(&c) => {
                self.at += 1;
                Some(c)
            }
            _ => None,
        }
    }

    pub(super) fn number(&mut self) -> Option<(u32, usize)> {
        match self.peek() {
            Some(Kind::Number(number, digits)) => {
                self.at += 1;
                Some((number, digits))
            }
            _ => None,
        }
    }

    pub(super) fn word(&mut self) -> Option<&'a str> {
        match self.peek() {
            Some(Kind::Word(word)) => {
                self.at += 1;
                Some(word)
            }
            _ => None,
        }
    }

    /// A word of these, or nothing.
    pub(super) fn skip_word(&mut self, words: &[&str]) -> bool {
        match self.peek() {
            Some(Kind::Word(word)) if words.contains(&word) => {
                self.at += 1;
                true
            }
            _ => false,
        }
    }
}

//! RTF to text, and back to the HTML it was made from (MS-OXRTFEX): Outlook keeps the HTML of a
//! message inside RTF, in groups that readers of RTF pass over.

use super::{rtf_words, tnef};
use crate::parse::{charset, codec};

/// Groups inside one another whose state is kept; deeper ones share that of the last.
const MAX_DEPTH: usize = 1_000;
/// Fonts whose charset is kept.
const MAX_FONTS: usize = 200;
/// Octets at the beginning in which the mark of HTML inside must stand.
const HEAD: usize = 4_096;

/// What RTF says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// With `\n` as line break.
    pub(super) text: String,
    /// The text is HTML.
    pub(super) html: bool,
}

/// Reads RTF as far as it goes.
pub(super) fn read(rtf: &[u8]) -> Read {
    let head = rtf.get(..HEAD).unwrap_or(rtf);
    let mut reader = Reader {
        rest: rtf,
        html: memchr::memmem::find(head, b"\\fromhtml").is_some(),
        out: String::with_capacity(rtf.len() / 2),
        ..Reader::default()
    };
    reader.run();
    reader.flush();
    Read {
        text: reader.out,
        html: reader.html,
    }
}

/// What holds within a group.
#[derive(Clone, Copy, Default)]
struct State {
    /// Its text is not shown.
    skipped: bool,
    /// It is a piece of the HTML.
    tag: bool,
    /// It is only there for readers of RTF.
    for_rtf: bool,
    /// It is the table of fonts.
    fonts: bool,
    /// Characters that follow `\u` for readers without Unicode.
    fallback: usize,
    /// The code page of its font.
    page: Option<u32>,
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    html: bool,
    out: String,
    /// Octets that wait for their charset.
    pending: Vec<u8>,
    stack: Vec<State>,
    /// Groups open beyond the deepest that is kept.
    deeper: usize,
    state: State,
    /// The code page of the document.
    page: Option<u32>,
    fonts: Vec<(i32, u32)>,
    /// The font that the table of fonts is at.
    font: i32,
    /// `\*` came before the next word.
    starred: bool,
    /// Characters still to be passed over after `\u`.
    passing: usize,
    /// The first half of a pair of UTF-16.
    half: Option<u16>,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        self.state.fallback = 1;
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'{' => self.open(),
                b'}' => self.close(),
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => {}
                byte => self.octet(byte),
            }
        }
    }

    fn open(&mut self) {
        self.flush();
        self.passing = 0;
        if self.stack.len() < MAX_DEPTH {
            self.stack.push(self.state);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        self.flush();
        self.passing = 0;
        self.starred = false;
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(state) = self.stack.pop() {
            self.state = state;
        }
    }

    fn shown(&self) -> bool {
        !self.state.skipped && !self.state.fonts && (self.state.tag || !self.state.for_rtf)
    }

    fn octet(&mut self, byte: u8) {
        if self.passing > 0 {
            self.passing -= 1;
        } else if self.shown() {
            self.pending.push(byte);
        }
    }

    fn character(&mut self, c: char) {
        self.flush();
        if self.passing > 0 {
            self.passing -= 1;
        } else if self.shown() {
            self.out.push(c);
        }
    }

    /// Decodes the octets that wait.
    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let page = self.state.page.or(self.page).unwrap_or(1252);
        let label = tnef::label(page).unwrap_or("windows-1252");
        self.out
            .push_str(&charset::decode(&self.pending, Some(label)).text);
        self.pending.clear();
    }

    fn control(&mut self) {
        let Some((&first, rest)) = self.rest.split_first() else {
            return;
        };
        if first.is_ascii_alphabetic() {
            let (word, number) = self.word();
            self.obey(word, number);
            return;
        }
        self.rest = rest;
        match first {
            b'\'' => {
                let digits = rest.first().zip(rest.get(1));
                let value = digits.and_then(|(h, l)| codec::hex(*h).zip(codec::hex(*l)));
                if let Some((high, low)) = value {
                    self.rest = rest.get(2..).unwrap_or_default();
                    self.octet(high << 4 | low);
                }
            }
            b'\\' | b'{' | b'}' => self.octet(first),
            b'*' => self.starred = true,
            b'~' if self.html && !self.state.tag => {
                for c in "&nbsp;".chars() {
                    self.character(c);
                }
            }
            b'~' => self.character('\u{A0}'),
            b'_' => self.character('-'),
            b'\r' | b'\n' => self.character('\n'),
            _ => {}
        }
    }

    /// A word, its number and the blank after it.
    fn word(&mut self) -> (&'a str, Option<i32>) {
        let text = self.rest;
        let length = text
            .iter()
            .take(32)
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        let (word, mut rest) = text.split_at(length);
        let digits = rest
            .iter()
            .take(11)
            .enumerate()
            .take_while(|(at, b)| b.is_ascii_digit() || (*at == 0 && **b == b'-'))
            .count();
        let (number, after) = rest.split_at(digits);
        let number = std::str::from_utf8(number).ok();
        let number = number.and_then(|number| number.parse().ok());
        rest = after;
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        (std::str::from_utf8(word).unwrap_or_default(), number)
    }

    fn obey(&mut self, word: &str, number: Option<i32>) {
        let starred = std::mem::take(&mut self.starred);
        if word != "u" {
            // The fallback of `\u` is plain or `\'`; a word ends it.
            self.passing = 0;
        }
        match word {
            "u" => self.unicode(number.unwrap_or(0)),
            "uc" => {
                let count = number.and_then(|number| usize::try_from(number).ok());
                self.state.fallback = count.unwrap_or(1).min(8);
            }
            "ansicpg" => self.page = number.and_then(|page| u32::try_from(page).ok()),
            "htmltag" if self.html => {
                self.flush();
                self.state.tag = true;
                self.state.skipped = false;
            }
            "htmlrtf" => {
                self.flush();
                self.state.for_rtf = self.html && number != Some(0);
            }
            "fonttbl" => self.state.fonts = true,
            "f" if self.state.fonts => self.font = number.unwrap_or(0),
            "f" => {
                self.flush();
                let wanted = number.unwrap_or(0);
                let font = self.fonts.iter().find(|(font, _)| *font == wanted);
                self.state.page = font.map(|(_, page)| *page);
            }
            "fcharset" if self.state.fonts && self.fonts.len() < MAX_FONTS => {
                if let Some(page) = number.and_then(rtf_words::page) {
                    self.fonts.push((self.font, page));
                }
            }
            "bin" => {
                let length = number.and_then(|number| usize::try_from(number).ok());
                let length = length.unwrap_or(0).min(self.rest.len());
                self.rest = self.rest.get(length..).unwrap_or_default();
            }
            "plain" if !self.state.fonts => {
                self.flush();
                self.state.page = None;
            }
            word if starred || rtf_words::UNSHOWN.binary_search(&word).is_ok() => {
                self.flush();
                self.state.skipped = true;
            }
            word => {
                if let Some(c) = rtf_words::character(word) {
                    self.character(c);
                }
            }
        }
    }

    /// `\u` and a number, of UTF-16 and signed.
    fn unicode(&mut self, number: i32) {
        self.flush();
        self.passing = 0;
        let unit = (number & 0xFFFF).try_into().unwrap_or(0xFFFD_u16);
        let first = self.half.take();
        if (0xD800..0xDC00).contains(&unit) {
            self.half = Some(unit);
        } else {
            let units = first.into_iter().chain([unit]);
            for c in char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')) {
                if c != '\0' {
                    self.character(c);
                }
            }
        }
        self.passing = self.state.fallback;
    }
}

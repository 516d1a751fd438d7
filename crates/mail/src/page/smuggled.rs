//! Characters that nobody sees, and the text they carry past a reader.

use std::borrow::Cow;

use super::technique::Technique;

/// Collects what invisible characters carry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    tags: String,
    selectors: Vec<u8>,
    bits: Vec<bool>,
}

impl Carried {
    /// Takes in one character, in the order of the text.
    pub(crate) fn take(&mut self, c: char) {
        match c {
            '\u{E0020}'..='\u{E007E}' => {
                self.tags.extend(char::from_u32(c as u32 - 0xE_0000));
            }
            '\u{FE00}'..='\u{FE0F}' => {
                self.selectors.extend(u8::try_from(c as u32 - 0xFE00));
            }
            '\u{E0100}'..='\u{E01EF}' => {
                self.selectors
                    .extend(u8::try_from(c as u32 - 0xE_0100 + 16));
            }
            '\u{200B}' => self.bits.push(false),
            '\u{200C}' | '\u{200D}' | '\u{2060}'..='\u{2064}' => self.bits.push(true),
            _ => {}
        }
    }

    /// The texts that were carried, with the way each was.
    pub(crate) fn read(self) -> Vec<(Technique, String)> {
        let mut found = Vec::new();
        if self.tags.trim().len() >= 6 {
            found.push((Technique::UnicodeTags, self.tags));
        }
        if self.selectors.len() >= 8 {
            let halves = nibbles(&self.selectors);
            let text = readable(self.selectors).or_else(|| readable(halves));
            found.extend(text.map(|text| (Technique::VariationSelectors, text)));
        }
        if self.bits.len() >= 64 {
            let text = [(8, false), (8, true), (7, false), (7, true), (16, false)]
                .into_iter()
                .find_map(|(width, inverted)| readable(octets(&self.bits, width, inverted)));
            found.extend(text.map(|text| (Technique::ZeroWidthBits, text)));
        }
        found
    }
}

fn octets(bits: &[bool], width: usize, inverted: bool) -> Vec<u8> {
    bits.chunks(width)
        .map(|chunk| {
            chunk
                .iter()
                .fold(0_u16, |byte, bit| byte << 1 | u16::from(*bit != inverted))
        })
        .filter_map(|code| u8::try_from(code).ok())
        .collect()
}

fn nibbles(values: &[u8]) -> Vec<u8> {
    values
        .chunks(2)
        .map(|pair| pair.iter().fold(0_u8, |byte, half| byte << 4 | (half & 15)))
        .collect()
}

/// Octets as text, when they are text.
pub(crate) fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let letters = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | ','))
        .count();
    let total = text.chars().count();
    let strange = text.chars().any(|c| c.is_control() && !c.is_whitespace());
    (total >= 6 && !strange && letters * 10 >= total * 7).then_some(text)
}

/// Leaves out what cannot be seen, and keeps what the letters around need: joiners and selectors
/// of emoji, joiners of Arabic and Indic letters, direction marks beside Hebrew and Arabic.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    last: char,
    /// The emoji flag whose tags are being read.
    flag: Option<String>,
    pub(super) carried: Carried,
    /// Something was left out that carries nothing by itself.
    pub(super) any: bool,
}

impl Sieve {
    /// What is seen of the next piece of text.
    pub(super) fn seen<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if text.is_ascii() {
            self.last = text.chars().next_back().unwrap_or(self.last);
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        // The beginning of a run that is drawn backwards.
        let mut backwards: Option<usize> = None;
        for c in text.chars() {
            if c == '\u{202E}' {
                let start = out.len();
                reverse(&mut out, backwards.replace(start));
            } else if matches!(c, '\u{202C}' | '\u{202D}' | '\n') {
                reverse(&mut out, backwards.take());
            }
            if self.keeps(c, &mut out) {
                out.push(c);
                self.last = c;
            }
        }
        reverse(&mut out, backwards);
        Cow::Owned(out)
    }

    fn keeps(&mut self, c: char, out: &mut String) -> bool {
        if let Some(flag) = &mut self.flag {
            match c {
                '\u{E0061}'..='\u{E007A}' if flag.chars().count() < 5 => {
                    flag.push(c);
                    self.any = true;
                    // Kept only when the flag is complete.
                    self.carried.take(c);
                    return false;
                }
                '\u{E007F}' => {
                    let region: String = flag
                        .chars()
                        .filter_map(|tag| char::from_u32(tag as u32 - 0xE_0000))
                        .collect();
                    if matches!(region.as_str(), "gbeng" | "gbsct" | "gbwls") {
                        out.push_str(flag);
                        out.push(c);
                        let kept = self.carried.tags.len().saturating_sub(region.len());
                        self.carried.tags.truncate(kept);
                    }
                    self.flag = None;
                    return false;
                }
                _ => self.flag = None,
            }
        }
        if c == '\u{1F3F4}' {
            self.flag = Some(String::new());
        }
        if !is_invisible(c) {
            return true;
        }
        let kept = match c {
            '\u{FE0E}' | '\u{FE0F}' => is_emoji(self.last),
            '\u{FE00}'..='\u{FE0D}' => !self.last.is_ascii() && self.last.is_alphanumeric(),
            '\u{E0100}'..='\u{E01EF}' => is_ideograph(self.last),
            '\u{180B}'..='\u{180F}' => matches!(self.last, '\u{1800}'..='\u{18AF}'),
            '\u{200D}' => self.last == '\u{FE0F}' || is_emoji(self.last) || is_joining(self.last),
            '\u{200C}' => is_joining(self.last),
            '\u{200E}' | '\u{200F}' | '\u{61C}' => is_right_to_left(self.last),
            '\u{115F}' | '\u{1160}' => matches!(self.last, '\u{1100}'..='\u{11FF}'),
            _ => false,
        };
        if !kept {
            self.any = true;
            self.carried.take(c);
        }
        kept
    }
}

/// Turns round what was written from a place on.
fn reverse(out: &mut String, from: Option<usize>) {
    let Some(from) = from else {
        return;
    };
    let turned: String = out.get(from..).unwrap_or_default().chars().rev().collect();
    out.truncate(from);
    out.push_str(&turned);
}

/// Characters without a form of their own.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Emoji and what becomes one with a selector.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '0'..='9' | '#' | '*' | '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}'
            | '\u{2139}' | '\u{2190}'..='\u{23FF}' | '\u{24C2}' | '\u{25A0}'..='\u{27BF}'
            | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}'
            | '\u{3297}' | '\u{3299}' | '\u{1F000}'..='\u{1FAFF}'
    )
}

fn is_ideograph(c: char) -> bool {
    matches!(
        c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFF}'
    )
}

/// Letters whose form depends on their neighbours.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
    ) || !c.is_alphanumeric() && !c.is_ascii_whitespace() && !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_goes_and_what_letters_need_stays() {
        for (text, want) in [
            ("plain", "plain"),
            ("a\u{200B}b\u{AD}c\u{2060}d", "abcd"),
            ("Hi\u{E0041}\u{E0042}!", "Hi!"),
            (
                "\u{1F469}\u{200D}\u{1F4BB} ok",
                "\u{1F469}\u{200D}\u{1F4BB} ok",
            ),
            ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"),
            ("a\u{FE0F}b", "ab"),
            (
                "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
                "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            ),
            ("\u{1F3F4}\u{E0068}\u{E0069}\u{E007F}", "\u{1F3F4}"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("שלום\u{200F}!", "שלום\u{200F}!"),
            ("abc\u{200F}def", "abcdef"),
            ("see \u{202E}txt.exe\u{202C} now", "see exe.txt now"),
            ("葛\u{E0100}城", "葛\u{E0100}城"),
        ] {
            assert_eq!(Sieve::default().seen(text), want, "{text:?}");
        }
    }
}

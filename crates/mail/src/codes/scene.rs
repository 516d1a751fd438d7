//! A message as a person sees it: blocks of text, and where their links lead.

use std::ops::Range;

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use unicode_normalization::char::decompose_canonical;

use super::style::{Look, Sheet};
use crate::html;
use crate::parse::Parsed;

/// Characters that are looked at: codes and links stand near the top.
const MAX_CHARS: usize = 60_000;
/// Links that are looked at.
const MAX_LINKS: usize = 300;
/// Characters of a link's address at most: each block that the link goes on in has a copy of it. No
/// link that a person is sent to follow is longer.
const MAX_ADDRESS: usize = 16 * 1024;

/// A run of text on a line or in a block of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// As written.
    pub(super) chars: Vec<char>,
    /// The same in lower case without accents, one for one; digits of other scripts are ASCII.
    pub(super) folded: Vec<char>,
    /// Whether it is the subject.
    pub(super) is_subject: bool,
    /// Whether it is set large or spaced out.
    pub(super) is_large: bool,
    /// An address that stands in the text, or what a link's text is.
    pub(super) links: Vec<(Range<usize>, String)>,
}

impl Block {
    fn push(&mut self, c: char) {
        self.chars.push(c);
        self.folded.push(fold(c));
    }

    pub(super) fn text(&self, range: Range<usize>) -> String {
        self.chars.get(range).unwrap_or_default().iter().collect()
    }

    /// Whether the character at this place belongs to an address.
    pub(super) fn is_address(&self, at: usize) -> bool {
        self.links.iter().any(|(range, url)| {
            range.contains(&at)
                && self
                    .chars
                    .get(range.clone())
                    .is_some_and(|shown| shows(shown, url))
        })
    }
}

/// Whether the text of a link is its address.
fn shows(text: &[char], url: &str) -> bool {
    text.contains(&'/') && text.len() > 8 && url.len() + 8 > text.len()
}

/// All blocks of a message in their order, the subject first.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) blocks: Vec<Block>,
}

/// What is seen of a message, without the history that it quotes: of its text that is `new_text`.
pub(super) fn of(message: &Parsed, new_text: Option<&str>) -> Scene {
    let mut blocks = Vec::new();
    let mut left = MAX_CHARS;
    if let Some(subject) = &message.subject {
        let mut block = of_line(subject, &mut left);
        block.is_subject = true;
        if !block.chars.is_empty() {
            blocks.push(block);
        }
    }
    // Where there is HTML it is what people see; the text beside it may be a stub.
    if let Some(html) = &message.html {
        blocks.extend(of_html(html, &mut left));
    } else if let Some(text) = new_text {
        for line in text.lines() {
            if left == 0 {
                break;
            }
            let block = of_line(line, &mut left);
            if !block.chars.is_empty() {
                blocks.push(block);
            }
        }
    }
    for block in &mut blocks {
        find_addresses(block);
    }
    Scene { blocks }
}

fn of_line(line: &str, left: &mut usize) -> Block {
    let line = line.trim();
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    let chars: Vec<char> = if line.is_ascii() {
        let octets = line.bytes().take(*left);
        octets.map(|octet| blank(char::from(octet))).collect()
    } else {
        let seen = line.chars().filter(|c| !is_invisible(*c));
        seen.take(*left).map(blank).collect()
    };
    *left -= chars.len();
    Block {
        folded: chars.iter().map(|c| fold(*c)).collect(),
        chars,
        ..Block::default()
    }
}

/// Characters that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}'
    )
}

/// Zeros of the scripts whose digits people write codes with.
const ZEROS: [u32; 19] = [
    0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0,
    0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x1D7CE,
];

/// A character in lower case, without its accent, in its usual width.
pub(super) fn fold(c: char) -> char {
    if c.is_ascii() {
        c.to_ascii_lowercase()
    } else {
        fold_foreign(c)
    }
}

fn fold_foreign(c: char) -> char {
    let code = u32::from(c);
    if let Some(zero) = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
    {
        return char::from_digit(code - zero, 10).unwrap_or(c);
    }
    if (0xFF01..=0xFF5E).contains(&code) {
        return char::from_u32(code - 0xFEE0).map_or(c, |c| c.to_ascii_lowercase());
    }
    let c = c.to_lowercase().next().unwrap_or(c);
    match c {
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        '\u{A0}' | '\u{3000}' | '\u{2000}'..='\u{200A}' | '\u{202F}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        // Hangul and Indic letters must stay whole.
        c if u32::from(c) < 0x530 || (0x1E00..0x2000).contains(&u32::from(c)) => {
            let mut base = None;
            decompose_canonical(c, |part| base = base.or(Some(part)));
            base.unwrap_or(c)
        }
        c => c,
    }
}

/// The blocks of a document.
fn of_html(source: &str, left: &mut usize) -> Vec<Block> {
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    emitter.naively_switch_states(true);
    let mut reader = Reader {
        left: *left,
        ..Reader::default()
    };
    for token in Tokenizer::new_with_emitter(source, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&tag.name),
            Token::String(text) => reader.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
        if reader.left == 0 {
            break;
        }
    }
    reader.finish();
    *left = reader.left;
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    block: Block,
    sheet: Sheet,
    /// Open elements that change the look of what is in them, with their names.
    open: Vec<(Vec<u8>, Look)>,
    /// How many of them hide.
    hidden: usize,
    /// Inside `style`.
    is_style: bool,
    /// Inside an element whose content is never shown.
    unshown: Option<Vec<u8>>,
    blank: bool,
    link: Option<(String, usize)>,
    links: usize,
    left: usize,
}

/// Open elements that are remembered.
const MAX_OPEN: usize = 200;

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = tag.name.as_slice();
        self.is_style |= name == b"style";
        if self.unshown.is_some() {
            return;
        }
        if html::is_unshown(name) && name != b"head" && name != b"style" {
            self.unshown = Some(name.to_vec());
            return;
        }
        let attribute = |name: &[u8]| {
            let value = tag.attributes.get(name);
            value
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .unwrap_or_default()
        };
        if html::breaks(name) > 0 || name == b"br" {
            self.close();
        }
        let mut look = self.sheet.look(
            &attribute(b"class"),
            &attribute(b"id"),
            &attribute(b"style"),
        );
        look.is_hidden |= tag.attributes.contains_key(b"hidden".as_slice());
        look.is_large |= matches!(name, b"h1" | b"h2");
        if !html::is_void(name) && !tag.self_closing && self.open.len() < MAX_OPEN {
            self.hidden += usize::from(look.is_hidden);
            self.open.push((name.to_vec(), look));
        }
        match name {
            // One digit in each cell is one code; words in cells are apart.
            b"td" | b"th" => self.blank = self.blank || !self.ends_in_lone_digit(),
            b"a" if self.hidden == 0 => {
                let href = attribute(b"href");
                self.open_link(href.trim());
            }
            b"img" if self.hidden == 0 => {
                let alt = attribute(b"alt");
                if self.link.is_some() && !alt.trim().is_empty() {
                    self.text(&format!(" {} ", alt.trim()));
                }
            }
            _ => {}
        }
    }

    /// Whether the block so far ends in a digit that stands by itself or with others like it.
    fn ends_in_lone_digit(&self) -> bool {
        self.block.folded.last().is_some_and(char::is_ascii_digit)
    }

    fn end(&mut self, name: &[u8]) {
        if name == b"style" {
            self.is_style = false;
        }
        if let Some(unshown) = &self.unshown {
            if unshown == name {
                self.unshown = None;
            }
            return;
        }
        if name == b"a" {
            self.close_link();
        }
        if html::breaks(name) > 0 {
            self.close();
        }
        // What was left open inside ends with it.
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            for (_, look) in self.open.drain(at..) {
                self.hidden -= usize::from(look.is_hidden);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_style {
            self.sheet.read(text);
            return;
        }
        let is_head = self.open.iter().any(|(name, _)| name == b"head");
        if self.unshown.is_some() || self.hidden > 0 || is_head {
            return;
        }
        for c in text.chars().filter(|c| !is_invisible(*c)) {
            if self.left == 0 {
                return;
            }
            if c.is_whitespace() {
                self.blank = true;
                continue;
            }
            if self.blank && !self.block.chars.is_empty() {
                self.block.push(' ');
            }
            self.blank = false;
            self.block.push(c);
            self.left -= 1;
        }
        if !text.trim().is_empty() {
            self.block.is_large |= self.open.iter().any(|(_, look)| look.is_large);
        }
    }

    fn open_link(&mut self, href: &str) {
        self.close_link();
        let lower: String = href
            .chars()
            .take(8)
            .collect::<String>()
            .to_ascii_lowercase();
        let is_web = lower.starts_with("http://") || lower.starts_with("https://");
        let is_plain = !href.contains(|c: char| c.is_control() || c.is_whitespace());
        let fits = href.len() <= MAX_ADDRESS && self.links < MAX_LINKS;
        if is_web && is_plain && fits {
            self.links += 1;
            self.link = Some((href.to_owned(), self.block.chars.len()));
        }
    }

    fn close_link(&mut self) {
        if let Some((url, from)) = self.link.take() {
            let to = self.block.chars.len();
            self.block.links.push((from.min(to)..to, url));
        }
    }

    /// Ends the block. A link that goes on begins anew in the next one.
    fn close(&mut self) {
        let mut open = self.link.take();
        if let Some((url, from)) = &open {
            let to = self.block.chars.len();
            self.block.links.push(((*from).min(to)..to, url.clone()));
        }
        // Going on counts as a link of its own, so that no page makes more of them.
        self.links += usize::from(open.is_some());
        open.take_if(|_| self.links > MAX_LINKS);
        self.link = open.map(|(url, _)| (url, 0));
        if !self.block.chars.is_empty() {
            self.blocks.push(std::mem::take(&mut self.block));
        } else {
            self.block = Block::default();
        }
        self.blank = false;
    }

    fn finish(&mut self) {
        self.close_link();
        self.close();
    }
}

/// Adds the addresses that stand in the text of a block.
fn find_addresses(block: &mut Block) {
    let mut at = 0;
    while let Some((start, colon)) = scheme(&block.folded, at) {
        let raw = block.chars.get(start..).unwrap_or_default();
        let ends = |c: &char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '<' | '>' | '"' | '「' | '」' | '（' | '）' | '，' | '。' | '、'
                )
        };
        let mut length = raw.iter().position(ends).unwrap_or(raw.len());
        // What ends the sentence does not belong to the address.
        while let Some(last) = length.checked_sub(1).and_then(|last| raw.get(last)) {
            let is_opened = *last == ')' && raw.get(..length).is_some_and(|url| url.contains(&'('));
            if !matches!(
                last,
                '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '\'' | '*'
            ) || is_opened
            {
                break;
            }
            length -= 1;
        }
        let range = start..start + length;
        let is_known = block
            .links
            .iter()
            .any(|(own, _)| own.start < range.end && range.start < own.end);
        if !is_known && block.links.len() < MAX_LINKS {
            let url = block.text(range.clone());
            block.links.push((range.clone(), url));
        }
        at = range.end.max(colon + 1);
    }
}

/// Where the first `http://` or `https://` from a place on begins, and where its colon stands. The
/// colon is looked for, because texts have few.
fn scheme(text: &[char], from: usize) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    let mut colons = rest.iter().enumerate().filter(|(_, c)| **c == ':');
    colons.find_map(|(colon, _)| {
        let (before, after) = rest.split_at(colon);
        let name = before.strip_suffix(&['s']).unwrap_or(before);
        let start = name.strip_suffix(&['h', 't', 't', 'p'])?.len();
        after
            .starts_with(&[':', '/', '/'])
            .then_some((from + start, from + colon))
    })
}

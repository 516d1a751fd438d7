//! Scripts, and letters that few languages have.

use super::mask;
use crate::settled;

/// What the letters of a text leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// One language is written so.
    One(&'static str),
    /// Several are, by their bits.
    Several(u64),
}

const LATIN: u64 = mask(&[
    "en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro",
    "hr", "sl", "et", "lv", "lt", "tr", "vi", "id", "ms", "ca", "eu", "gl", "is", "ga", "af", "sq",
    "tl", "sw", "cy", "mt", "eo", "az", "uz",
]);
const CYRILLIC: u64 = mask(&["ru", "uk", "bg", "sr", "mk", "be", "kk"]);
const ARABIC: u64 = mask(&["ar", "fa", "ur"]);
const DEVANAGARI: u64 = mask(&["hi", "mr", "ne"]);

/// Ranges of letters, their script, and how much a letter weighs: one of Chinese says as much as
/// several of an alphabet.
const RANGES: [(u32, u32, usize, u32); 34] = [
    (0x41, 0x5A, 0, 1),
    (0x61, 0x7A, 0, 1),
    (0xC0, 0x24F, 0, 1),
    (0x1E00, 0x1EFF, 0, 1),
    (0x400, 0x52F, 1, 1),
    (0x600, 0x6FF, 2, 1),
    (0x750, 0x77F, 2, 1),
    (0xFB50, 0xFDFF, 2, 1),
    (0xFE70, 0xFEFE, 2, 1),
    (0x900, 0x97F, 3, 1),
    (0x370, 0x3FF, 4, 1),
    (0x1F00, 0x1FFF, 4, 1),
    (0x5D0, 0x5F4, 5, 1),
    (0xE00, 0xE7F, 6, 1),
    (0x10A0, 0x10FF, 7, 1),
    (0x1C90, 0x1CBF, 7, 1),
    (0x530, 0x58F, 8, 1),
    (0x980, 0x9FF, 9, 1),
    (0xA00, 0xA7F, 10, 1),
    (0xA80, 0xAFF, 11, 1),
    (0xB80, 0xBFF, 12, 1),
    (0xC00, 0xC7F, 13, 1),
    (0xC80, 0xCFF, 14, 1),
    (0xD00, 0xD7F, 15, 1),
    (0xD80, 0xDFF, 16, 1),
    (0xE80, 0xEFF, 17, 1),
    (0x1000, 0x109F, 18, 1),
    (0x1780, 0x17FF, 19, 1),
    (0x1200, 0x139F, 20, 1),
    (0xAC00, 0xD7A3, 21, 3),
    (0x1100, 0x11FF, 21, 1),
    (0x3040, 0x30FF, 22, 3),
    (0x3400, 0x9FFF, 23, 3),
    (0xF900, 0xFAFF, 23, 3),
];

const HANGUL: usize = 21;
const KANA: usize = 22;
const HAN: usize = 23;

/// The scripts by their number in [`RANGES`]. Chinese and Japanese share the last two.
const SCRIPTS: [Script; 24] = [
    Script::Several(LATIN),
    Script::Several(CYRILLIC),
    Script::Several(ARABIC),
    Script::Several(DEVANAGARI),
    Script::One("el"),
    Script::One("he"),
    Script::One("th"),
    Script::One("ka"),
    Script::One("hy"),
    Script::One("bn"),
    Script::One("pa"),
    Script::One("gu"),
    Script::One("ta"),
    Script::One("te"),
    Script::One("kn"),
    Script::One("ml"),
    Script::One("si"),
    Script::One("lo"),
    Script::One("my"),
    Script::One("km"),
    Script::One("am"),
    Script::One("ko"),
    Script::One("ja"),
    Script::One("zh"),
];

/// Characters that stand together in [`BLOCKS`], as a power of two.
const BLOCK: u32 = 4;
/// The range, counted from one, that has characters of a block; zero for none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "there are fewer ranges than 255"
)]
static BLOCKS: [u8; 1 << (16 - BLOCK)] = {
    assert!(RANGES.len() < 255);
    let mut blocks = [0; 1 << (16 - BLOCK)];
    let mut range = 0;
    while range < RANGES.len() {
        let mut block = RANGES[range].0 >> BLOCK;
        while block <= RANGES[range].1 >> BLOCK {
            assert!(blocks[block as usize] == 0, "no block has two ranges");
            blocks[block as usize] = range as u8 + 1;
            block += 1;
        }
        range += 1;
    }
    blocks
};

/// The script most of the letters are of; `None` without a majority.
pub(super) fn script(text: &str) -> Option<Script> {
    let mut counts = [0u32; SCRIPTS.len()];
    if text.is_ascii() {
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        counts[0] = u32::try_from(letters).unwrap_or(u32::MAX);
    } else {
        for (script, weight) in text.chars().filter_map(script_of) {
            if let Some(count) = counts.get_mut(script) {
                *count += weight;
            }
        }
    }
    let all: u32 = counts.iter().sum();
    let [.., hangul, kana, han] = counts;
    // Japanese is Chinese characters with its own letters between them.
    if (kana + han) * 2 > all && kana * 12 >= han && kana >= 6 {
        return SCRIPTS.get(KANA).copied();
    }
    if (hangul + han) * 2 > all && hangul * 4 >= han && hangul >= 6 {
        return SCRIPTS.get(HANGUL).copied();
    }
    let (script, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let least = if script == HAN { 6 } else { 4 };
    if count * 5 < all * 3 || *count < least {
        return None;
    }
    SCRIPTS.get(script).copied()
}

fn script_of(c: char) -> Option<(usize, u32)> {
    let code = u32::from(c);
    let block = usize::try_from(code >> BLOCK).ok()?;
    let range = usize::from(*BLOCKS.get(block)?).checked_sub(1)?;
    let (first, last, script, weight) = *RANGES.get(range)?;
    let is_letter = (first..=last).contains(&code) && settled::is_alphabetic(c);
    is_letter.then_some((script, weight))
}

/// Letters and the languages that have them.
const LETTERS: &[(&str, u64)] = &[
    ("ß", mask(&["de"])),
    ("ñ", mask(&["es", "gl", "tl"])),
    ("¿¡", mask(&["es", "gl"])),
    ("ø", mask(&["da", "nb"])),
    ("å", mask(&["sv", "da", "nb"])),
    ("æ", mask(&["da", "nb", "is"])),
    ("þð", mask(&["is"])),
    ("őű", mask(&["hu"])),
    ("łżźśńę", mask(&["pl"])),
    ("ąę", mask(&["pl", "lt"])),
    ("řěů", mask(&["cs"])),
    ("ľĺŕô", mask(&["sk"])),
    ("ăâîțțșţ", mask(&["ro"])),
    ("ş", mask(&["tr", "ro", "az"])),
    ("ğı", mask(&["tr", "az"])),
    ("ə", mask(&["az"])),
    ("ãõ", mask(&["pt"])),
    ("œ", mask(&["fr"])),
    ("èêùûëï", mask(&["fr", "it", "ca", "nl"])),
    ("ò", mask(&["it", "ca"])),
    ("ç", mask(&["fr", "pt", "tr", "ca", "sq"])),
    (
        "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        mask(&["vi"]),
    ),
    ("ėųįū", mask(&["lt"])),
    ("āēīķļņģ", mask(&["lv"])),
    ("õ", mask(&["et", "pt"])),
    ("ä", mask(&["de", "sv", "fi", "et", "sk"])),
    ("ö", mask(&["de", "sv", "fi", "hu", "tr", "et", "is"])),
    ("ü", mask(&["de", "tr", "hu", "et", "es"])),
    ("ċġħ", mask(&["mt"])),
    ("ŵŷ", mask(&["cy"])),
    ("ĉĝĥĵŝŭ", mask(&["eo"])),
    ("ćđ", mask(&["hr", "pl"])),
    ("ыэё", mask(&["ru", "be", "kk"])),
    ("їєґ", mask(&["uk"])),
    ("ў", mask(&["be"])),
    ("і", mask(&["uk", "be", "kk"])),
    ("ъ", mask(&["bg"])),
    ("ђћџљњј", mask(&["sr"])),
    ("ѓќѕ", mask(&["mk"])),
    ("љњџј", mask(&["mk"])),
    ("әғқңөұүһ", mask(&["kk"])),
    ("پچژگ", mask(&["fa", "ur"])),
    ("ٹڈڑںےہھ", mask(&["ur"])),
    ("ةيىأإ", mask(&["ar"])),
    ("ی", mask(&["fa", "ur"])),
    ("ळ", mask(&["mr"])),
];

/// Before which all of them stand.
const END: usize = 0x2000;

/// Tells of each letter that few languages have which those are, and how much it weighs. Repeated
/// letters weigh less and less.
pub(super) fn weigh(text: &str, mut add: impl FnMut(u64, f32)) {
    if text.is_ascii() {
        return;
    }
    let mut counts = [0u8; END];
    let mut count = |c: char| {
        if let Some(count) = counts.get_mut(c as usize) {
            *count = count.saturating_add(1);
        }
    };
    for c in text.chars().filter(|c| !c.is_ascii()) {
        match settled::lower_case(c) {
            Some(c) => count(c),
            None => c.to_lowercase().for_each(&mut count),
        }
    }
    for (letters, languages) in LETTERS {
        let found = letters.chars().filter_map(|c| counts.get(c as usize));
        let times: u32 = found.map(|count| u32::from(*count)).sum();
        for time in 1..=times.min(6) {
            let time = u8::try_from(time).unwrap_or(u8::MAX);
            add(*languages, 0.6 / f32::from(time));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_letters_are_counted() {
        let mut letters = LETTERS.iter().flat_map(|(letters, _)| letters.chars());
        assert!(letters.all(|c| !c.is_ascii() && (c as usize) < END));
    }

    #[test]
    fn the_script_of_a_letter_is_that_of_its_range() {
        for c in '\0'..='\u{1FFFF}' {
            let holds = |(first, last, ..): &&(u32, u32, usize, u32)| {
                (*first..=*last).contains(&u32::from(c)) && c.is_alphabetic()
            };
            let range = RANGES.iter().find(holds);
            let want = range.map(|(_, _, script, weight)| (*script, *weight));
            assert_eq!(script_of(c), want, "{c:?}");
        }
    }
}

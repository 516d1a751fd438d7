//! Scripts, and letters that few languages have.

use std::collections::BTreeMap;

/// What the letters of a text leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// One language is written so.
    One(&'static str),
    /// Several are.
    Several(&'static [&'static str]),
}

const LATIN: &[&str] = &[
    "en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro",
    "hr", "sl", "et", "lv", "lt", "tr", "vi", "id", "ms", "ca", "eu", "gl", "is", "ga", "af", "sq",
    "tl", "sw", "cy", "mt", "eo", "az", "uz",
];
const CYRILLIC: &[&str] = &["ru", "uk", "bg", "sr", "mk", "be", "kk"];
const ARABIC: &[&str] = &["ar", "fa", "ur"];
const DEVANAGARI: &[&str] = &["hi", "mr", "ne"];

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

/// The script most of the letters are of; `None` without a majority.
pub(super) fn script(text: &str) -> Option<Script> {
    let mut counts = [0u32; SCRIPTS.len()];
    for c in text.chars() {
        if let Some((script, weight)) = script_of(c)
            && let Some(count) = counts.get_mut(script)
        {
            *count += weight;
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
    let range = RANGES
        .iter()
        .find(|(first, last, ..)| (*first..=*last).contains(&code));
    range
        .filter(|_| c.is_alphabetic())
        .map(|(_, _, script, weight)| (*script, *weight))
}

/// Whether a character belongs to a word. The signs of Indian scripts do, which are no letters.
pub(super) fn in_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\'' | '’' | '\u{900}'..='\u{DFF}')
}

/// Letters and the languages that have them.
const LETTERS: &[(&str, &[&str])] = &[
    ("ß", &["de"]),
    ("ñ", &["es", "gl", "tl"]),
    ("¿¡", &["es", "gl"]),
    ("ø", &["da", "nb"]),
    ("å", &["sv", "da", "nb"]),
    ("æ", &["da", "nb", "is"]),
    ("þð", &["is"]),
    ("őű", &["hu"]),
    ("łżźśńę", &["pl"]),
    ("ąę", &["pl", "lt"]),
    ("řěů", &["cs"]),
    ("ľĺŕô", &["sk"]),
    ("ăâîțțșţ", &["ro"]),
    ("ş", &["tr", "ro", "az"]),
    ("ğı", &["tr", "az"]),
    ("ə", &["az"]),
    ("ãõ", &["pt"]),
    ("œ", &["fr"]),
    ("èêùûëï", &["fr", "it", "ca", "nl"]),
    ("ò", &["it", "ca"]),
    ("ç", &["fr", "pt", "tr", "ca", "sq"]),
    ("ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", &["vi"]),
    ("ėųįū", &["lt"]),
    ("āēīķļņģ", &["lv"]),
    ("õ", &["et", "pt"]),
    ("ä", &["de", "sv", "fi", "et", "sk"]),
    ("ö", &["de", "sv", "fi", "hu", "tr", "et", "is"]),
    ("ü", &["de", "tr", "hu", "et", "es"]),
    ("ċġħ", &["mt"]),
    ("ŵŷ", &["cy"]),
    ("ĉĝĥĵŝŭ", &["eo"]),
    ("ćđ", &["hr", "pl"]),
    ("ыэё", &["ru", "be", "kk"]),
    ("їєґ", &["uk"]),
    ("ў", &["be"]),
    ("і", &["uk", "be", "kk"]),
    ("ъ", &["bg"]),
    ("ђћџљњј", &["sr"]),
    ("ѓќѕ", &["mk"]),
    ("љњџј", &["mk"]),
    ("әғқңөұүһ", &["kk"]),
    ("پچژگ", &["fa", "ur"]),
    ("ٹڈڑںےہھ", &["ur"]),
    ("ةيىأإ", &["ar"]),
    ("ی", &["fa", "ur"]),
    ("ळ", &["mr"]),
];

/// Tells of each letter that few languages have which those are, and how much it weighs. Repeated
/// letters weigh less and less.
pub(super) fn weigh(text: &str, mut add: impl FnMut(&[&str], f32)) {
    let mut counts: BTreeMap<char, u8> = BTreeMap::new();
    for c in text.chars().filter(|c| !c.is_ascii()) {
        for c in c.to_lowercase() {
            let count = counts.entry(c).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (letters, languages) in LETTERS {
        let found = letters.chars().filter_map(|c| counts.get(&c));
        let times: u32 = found.map(|count| u32::from(*count)).sum();
        for time in 1..=times.min(6) {
            let time = u8::try_from(time).unwrap_or(u8::MAX);
            add(languages, 0.6 / f32::from(time));
        }
    }
}

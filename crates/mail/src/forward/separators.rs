//! Lines that mail clients put above a forwarded or an old message.

/// What a line announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announces {
    /// A forwarded message, in so many words.
    Forward,
    /// An old message: `-----Original Message-----` and what nobody has taught us. Some clients
    /// write it above forwards, others above the history of a reply.
    Original,
    /// A forwarded message ends here.
    End,
}

/// A line above (or below) a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Separator<'a> {
    pub(super) announces: Announces,
    /// The words stand between dashes on both sides: labels in any language may follow.
    pub(super) ruled: bool,
    /// The words are among those we were taught.
    pub(super) known: bool,
    /// What follows on the same line: Yahoo puts the whole header there.
    pub(super) rest: &'a str,
}

/// Octets that the words of a separator may have. Lotus names a person and a date there.
const MAX_WORDS: usize = 160;

/// What a line with quote marks and outer blanks taken off announces.
pub(super) fn separator(line: &str) -> Option<Separator<'_>> {
    let line = line.trim_matches(['*', ' ', '\u{a0}']);
    let inner = line.trim_start_matches(is_rule_char);
    let dashes = line.len() - inner.len();
    let dashes = dashes / line.chars().next().map_or(1, char::len_utf8);
    let inner = inner.trim_start();
    if inner.is_empty() {
        return None;
    }
    if dashes >= 2 {
        return between_rules(inner, dashes);
    }
    if dashes > 0 || inner.len() > MAX_WORDS {
        return None;
    }
    // Apple Mail and MailMate: a phrase on a line of its own with a colon.
    let words = inner
        .strip_suffix([':', '：'])?
        .trim_end_matches([' ', '\u{a0}', '\u{202f}', '*']);
    let lower = lower(words);
    // A sentence with the word in it is no separator.
    let short = words.split_whitespace().count() <= 7 && !words.contains(['.', '!', '?', '@']);
    (short && is_forward_phrase(&lower)).then_some(Separator {
        announces: Announces::Forward,
        ruled: false,
        known: true,
        rest: "",
    })
}

fn between_rules(inner: &str, dashes: usize) -> Option<Separator<'_>> {
    let window = inner.floor_char_boundary(MAX_WORDS);
    let window = inner.get(..window)?;
    let close = closing_rule(window);
    let (words, rest) = match close {
        Some(at) => {
            let after = inner.get(at..)?;
            let rest = after.trim_start_matches(|c| is_rule_char(c) || c == '*');
            (inner.get(..at)?, rest.trim())
        }
        None if inner.len() <= MAX_WORDS => (inner, ""),
        None => return None,
    };
    let lower = lower(words.trim_matches([' ', '\u{a0}', '\u{202f}', ':', '：', '*', '\t']));
    if lower.is_empty() || !lower.contains(char::is_alphabetic) {
        return None;
    }
    let announces = if is_forward_phrase(&lower) {
        if is_ending(&lower) {
            Announces::End
        } else {
            Announces::Forward
        }
    } else if close.is_some() || is_original(&lower) {
        Announces::Original
    } else {
        return None;
    };
    Some(Separator {
        announces,
        ruled: close.is_some() && dashes >= 3,
        known: announces != Announces::Original || is_original(&lower),
        rest,
    })
}

/// Where the dashes after the words begin: two and more of them.
fn closing_rule(text: &str) -> Option<usize> {
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (is_rule_char(c), start) {
            (true, None) => start = Some(at),
            (true, Some(_)) => return start,
            (false, _) => start = None,
        }
    }
    None
}

fn is_rule_char(c: char) -> bool {
    matches!(c, '-' | '_' | '=' | '–' | '—' | '─' | '━' | '~' | '#')
}

/// A line of nothing but dashes: Outlook's underscores, Hotmail's hyphens.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 5
        && line
            .chars()
            .all(|c| is_rule_char(c) || c == '*' || c == ' ')
}

/// In lower case, the Turkish İ as a plain i.
fn lower(words: &str) -> String {
    words.to_lowercase().replace('\u{307}', "")
}

fn is_forward_phrase(lower: &str) -> bool {
    FORWARD.iter().any(|stem| lower.contains(stem)) || (MESSAGE_BEGINS.contains(&lower))
}

fn is_ending(lower: &str) -> bool {
    ENDING.iter().any(|word| lower.starts_with(word))
}

/// Stems, in lower case, of what the world's clients say of a forwarded message. They are looked
/// for only on lines that have the shape of a separator.
#[rustfmt::skip]
const FORWARD: &[&str] = &[
    "forwarded", "forward message", "weitergeleitet", "weiterleitung", "transféré", "transfere", "transmis",
    "réexpédié", "reexpedie", "faire suivre", "reenviad", "reenviat", "reenvío", "reencaminhad", "encaminhad", "encaminat",
    "berbidali", "birbidali", "inoltrat", "doorgestuurd", "doorgezonden", "videresend", "vidaresend", "vidarebefodra", "vidarebefordra",
    "framsend", "áframsen", "välitetty", "välitetyn", "edelleenlähete", "edasi saadetud", "edastatud", "pārsūtīt",
    "pārsūtāmā", "persiųst", "persiunč", "przekaz", "przesłana dalej", "podana dalej", "přeposl", "přeposíl", "přesměrovan", "preposl", "preposiel",
    "továbbít", "redirecț", "redirecţ", "redirect", "retrimis", "înaintat", "përcjell", "перасла", "transmis mai departe", "posredovan", "posreduj", "proslijeđen", "prosljeđen",
    "proslijedi", "prosleđen", "прослеђен", "препратен", "пересыл", "переслан", "пересила", "перенаправл", "переадрес", "переправлен",
    "προωθ", "iletilen", "iletilmiş", "yönlendiril", "הועבר", "מועבר", "המועבר", "שהועברה", "معاد توجيه", "معاد إرسال", "المحول", "محولة",
    "معاد إرسالها", "تمت إعادة توجيه", "هدایت شده", "ارجاع", "फ़ॉरवर्ड", "अग्रेषित", "diteruskan", "terusan", "dimajukan", "dipanjangkan",
    "chuyển tiếp", "ส่งต่อ", "转发", "轉寄", "轉發", "転送", "전달",
];

/// Apple Mail in Turkish says only that a message begins.
const MESSAGE_BEGINS: &[&str] = &["ileti başlangıcı", "iletinin başlangıcı"];

const ENDING: &[&str] = &[
    "end ",
    "ende ",
    "fin ",
    "fine ",
    "fim ",
    "einde ",
    "slut ",
    "koniec ",
    "конец ",
];

fn is_original(lower: &str) -> bool {
    ORIGINAL.iter().any(|stem| lower.contains(stem))
}

/// Stems of what is said of an old message.
#[rustfmt::skip]
const ORIGINAL: &[&str] = &[
    "original m", "original e", "original n", "originalnachricht", "ursprüngliche", "d'origine", "d’origine", "originale", "oorspronkelijk",
    "origineel", "oprindelig", "opprinnelig", "ursprunglig", "originalmeddel", "alkuperäi", "algsõnum", "oryginaln", "původní", "pôvodná",
    "eredeti", "izvorn", "izvirn", "исходн", "оригинальн", "оригинално", "початков", "оригінальн", "αρχικό", "özgün", "orijinal",
    "pesan asli", "pesan asal", "thư gốc", "מקורית", "الأصلية", "原始邮件", "原始郵件", "原邮件", "元のメッセージ", "원본",
];

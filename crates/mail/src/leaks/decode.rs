//! Encodings taken off a text: each reading is a text of its own to be screened.

/// Which way a reading still has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// As it stands.
    Straight,
    /// Reversed or with letters shifted: prose in it is none.
    Turned,
}

/// Shortest run of encoded characters that is decoded.
const SHORTEST: usize = 16;

/// The readings of a text that differ from it. Their total length is at most a fixed multiple of
/// the text's.
pub(super) fn decode(text: &str, turn: Turn, layers: u8) -> Vec<(Turn, String)> {
    let mut readings = Vec::new();
    let mut push = |turn, text: String| {
        if text.len() >= 8 {
            readings.push((turn, text));
        }
    };
    push(Turn::Straight, runs(text));
    if turn == Turn::Turned {
        return readings;
    }
    push(Turn::Straight, escapes(text));
    push(Turn::Straight, quoted_printable(text));
    push(Turn::Straight, codes(text));
    push(Turn::Straight, spoken(text));
    push(Turn::Straight, bracketed(text));
    if layers == 0 || text.len() < 4_096 {
        push(Turn::Turned, text.chars().rev().collect());
        push(Turn::Turned, text.chars().map(rot13).collect());
        push(Turn::Turned, text.chars().map(rot47).collect());
        push(Turn::Turned, text.chars().map(other_case).collect());
    }
    readings
}

fn rot13(c: char) -> char {
    match c {
        'a'..='m' | 'A'..='M' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        c => c,
    }
}

fn rot47(c: char) -> char {
    match c {
        '!'..='O' => char::from_u32(u32::from(c) + 47).unwrap_or(c),
        'P'..='~' => char::from_u32(u32::from(c) - 47).unwrap_or(c),
        c => c,
    }
}

fn other_case(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else {
        c.to_ascii_lowercase()
    }
}

/// Decodes runs of base64, base32 and hexadecimal that give readable text, one a line.
fn runs(text: &str) -> String {
    let mut out = String::new();
    let mut joined: Vec<u8> = Vec::new();
    let mut pieces = 0;
    for word in text.split(|c: char| !is_coded(c)) {
        if word.is_empty() {
            continue;
        }
        // A long run that was folded goes on after the break; words are shorter.
        let folded = word.len() >= 8 && joined.len() < text.len();
        if folded {
            joined.extend(word.bytes());
            pieces += 1;
        }
        if word.len() >= SHORTEST {
            run(word, &mut out);
        }
        if (!folded || word.len() < 20) && !joined.is_empty() {
            if pieces > 1 {
                run(&String::from_utf8_lossy(&joined), &mut out);
            }
            joined.clear();
            pieces = 0;
        }
    }
    if pieces > 1 {
        run(&String::from_utf8_lossy(&joined), &mut out);
    }
    even_groups(text, &mut out);
    spread_hex(text, &mut out);
    eighty_five(text, &mut out);
    out
}

/// Decodes what stands between `<~` and `~>`.
fn eighty_five(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("<~") {
        let Some((coded, after)) = behind.split_once("~>") else {
            return;
        };
        rest = after;
        let digits: Vec<u8> = coded
            .bytes()
            .filter(|b| (b'!'..=b'u').contains(b))
            .collect();
        let mut bytes = Vec::with_capacity(digits.len());
        for group in digits.chunks(5) {
            let padded = group.iter().copied().chain(std::iter::repeat(b'u')).take(5);
            let value = padded.fold(0_u32, |value, digit| {
                value.wrapping_mul(85).wrapping_add(u32::from(digit - b'!'))
            });
            bytes.extend(
                value
                    .to_be_bytes()
                    .iter()
                    .take(group.len().saturating_sub(1)),
            );
        }
        readable(&bytes, out);
    }
}

/// Decodes what was cut into groups of one length, as `Z2hw XzRa dHI3`.
fn even_groups(text: &str, out: &mut String) {
    let (mut joined, mut length, mut groups) = (String::new(), 0, 0);
    for word in text
        .split(|c: char| !is_coded(c))
        .filter(|word| !word.is_empty())
    {
        if word.len() == length {
            joined.push_str(word);
            groups += 1;
            continue;
        }
        let last = word.len() < length;
        if groups >= 4 {
            let whole = joined.len();
            if last {
                joined.push_str(word);
            }
            if !decoded(&joined, out) {
                joined.truncate(whole);
                decoded(&joined, out);
            }
        }
        joined.clear();
        joined.push_str(word);
        (length, groups) = (word.len(), 1);
    }
    if groups >= 4 {
        decoded(&joined, out);
    }
}

fn is_coded(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
}

/// Decodes one run every way that fits, whole and then between its own separators.
fn run(word: &str, out: &mut String) {
    if word.len() < SHORTEST || decoded(word, out) {
        return;
    }
    // Names of fields and paths are joined to the run by characters that base64 also has.
    for part in word.split(['=', '/', '-', '_', '+']) {
        if part.len() >= SHORTEST && part.len() < word.len() {
            decoded(part, out);
        }
    }
    if let Some((_, behind)) = word.split_once('=')
        && behind.len() >= SHORTEST
    {
        decoded(behind, out);
    }
}

fn decoded(word: &str, out: &mut String) -> bool {
    let bare: Vec<u8> = word.trim_end_matches('=').bytes().collect();
    let hex = bare.len().is_multiple_of(2) && bare.iter().all(u8::is_ascii_hexdigit);
    if hex
        && let Ok(bytes) = data_encoding::HEXLOWER_PERMISSIVE.decode(&bare)
        && readable(&bytes, out)
    {
        return true;
    }
    let url: Vec<u8> = bare
        .iter()
        .map(|b| match b {
            b'+' => b'-',
            b'/' => b'_',
            b => *b,
        })
        .collect();
    // The last character of a run that was cut says nothing.
    let whole = url.len() - usize::from(url.len() % 4 == 1);
    let sixty_four = decode_bits(url.get(..whole).unwrap_or_default(), 6, |b| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    });
    if sixty_four.is_some_and(|bytes| readable(&bytes, out)) {
        return true;
    }
    let one_case =
        !(bare.iter().any(u8::is_ascii_uppercase) && bare.iter().any(u8::is_ascii_lowercase));
    if one_case && bare.len() >= 24 {
        let thirty_two = decode_bits(&bare, 5, |b| match b.to_ascii_uppercase() {
            upper @ b'A'..=b'Z' => Some(upper - b'A'),
            digit @ b'2'..=b'7' => Some(digit - b'2' + 26),
            _ => None,
        });
        return thirty_two.is_some_and(|bytes| readable(&bytes, out));
    }
    false
}

fn decode_bits(text: &[u8], width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        bits = (bits << width) | u32::from(value(*byte)?);
        count += width;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xFF).unwrap_or_default());
            // What cannot be text is left early, so that pictures cost little.
            if out.len() == 12 && !starts_readable(&out) {
                return None;
            }
        }
    }
    Some(out)
}

fn starts_readable(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .any(|b| *b != 0 && b.is_ascii_control() && !b.is_ascii_whitespace())
        && (bytes.iter().filter(|b| b.is_ascii()).count() * 2 > bytes.len())
}

/// Adds octets that are text as a line.
fn readable(bytes: &[u8], out: &mut String) -> bool {
    // UTF-16 of Latin letters has a zero at every second octet.
    let thin: Vec<u8>;
    let zeroes = bytes.iter().filter(|b| **b == 0).count();
    let bytes = if zeroes * 5 >= bytes.len() * 2 && zeroes > 4 {
        thin = bytes.iter().copied().filter(|b| *b != 0).collect();
        &thin
    } else {
        bytes
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let fine = text.len() >= 8
        && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
        && text.bytes().filter(u8::is_ascii).count() * 2 > text.len();
    if fine {
        out.push_str(text);
        out.push('\n');
    }
    fine
}

/// Pairs of hexadecimal digits with something between them: `67 68 70`, `\x67\x68`, `67:68`.
fn spread_hex(text: &str, out: &mut String) {
    let text = text.as_bytes();
    let mut found: Vec<u8> = Vec::new();
    let mut flush = |found: &mut Vec<u8>| {
        if found.len() >= 10 {
            // The end of a word before them may look like a pair.
            let text = found.iter().map(|b| {
                if (32..127).contains(b) {
                    char::from(*b)
                } else {
                    '\n'
                }
            });
            out.extend(text);
            out.push('\n');
        }
        found.clear();
    };
    let mut at = 0;
    while at < text.len() {
        let pair = text.get(at..at + 2).unwrap_or_default();
        let digits = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        let ends = text.get(at + 2).is_none_or(|b| !b.is_ascii_alphanumeric());
        if digits && ends {
            found.extend(
                data_encoding::HEXLOWER_PERMISSIVE
                    .decode(pair)
                    .unwrap_or_default(),
            );
            at += 2;
            let gap = text.get(at..text.len().min(at + 4)).unwrap_or_default();
            let skip = gap
                .iter()
                .take_while(|b| matches!(b, b' ' | b':' | b'-' | b',' | b'\\' | b'\n' | b'.'))
                .count();
            at += skip.max(1);
            if text.get(at..at + 2) == Some(b"0x") {
                at += 2;
            } else if text.get(at) == Some(&b'x') {
                at += 1;
            }
        } else {
            flush(&mut found);
            at += 1;
        }
    }
    flush(&mut found);
}

/// Percent signs, entities and escapes of programming languages. Empty when there are few.
fn escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    if memchr::memchr3(b'%', b'&', b'\\', bytes).is_none() {
        return String::new();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut count) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes
            .get(at + 1..bytes.len().min(at + 12))
            .unwrap_or_default();
        let read = match byte {
            b'%' => hex(rest, 2).map(|code| (code, 3)),
            b'&' => entity(rest),
            b'\\' => match rest.first() {
                Some(b'x') => hex(rest.get(1..).unwrap_or_default(), 2).map(|code| (code, 4)),
                Some(b'u') => hex(rest.get(1..).unwrap_or_default(), 4).map(|code| (code, 6)),
                Some(b'0'..=b'1') => octal(rest).map(|code| (code, 4)),
                _ => None,
            },
            _ => None,
        };
        if let Some((code, length)) = read {
            count += 1;
            at += length;
            match char::from_u32(code) {
                Some(c) if code < 128 => out.extend(u8::try_from(u32::from(c))),
                Some(c) => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
                None => {}
            }
        } else {
            out.push(byte);
            at += 1;
        }
    }
    if count < 1 {
        String::new()
    } else {
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn hex(text: &[u8], length: usize) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..length)?).ok()?;
    if digits.starts_with('+') {
        None
    } else {
        u32::from_str_radix(digits, 16).ok()
    }
}

fn octal(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..3)?).ok()?;
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|code| *code >= 32)
}

/// A numbered entity and its length with the sign.
fn entity(rest: &[u8]) -> Option<(u32, usize)> {
    let end = memchr::memchr(b';', rest)?;
    let name = std::str::from_utf8(rest.get(..end)?).ok()?;
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => u32::from(match name {
            "lowbar" | "UnderBar" => '_',
            "hyphen" | "dash" => '-',
            "period" => '.',
            "colon" => ':',
            "sol" => '/',
            "commat" => '@',
            "equals" => '=',
            "plus" => '+',
            "amp" => '&',
            _ => return None,
        }),
    };
    Some((code, end + 2))
}

/// `=41` and soft line breaks (RFC 2045 section 6.7). Empty when there are few.
fn quoted_printable(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut at, mut count) = (0, 0);
    if memchr::memchr(b'=', bytes).is_none() {
        return String::new();
    }
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes
            .get(at + 1..bytes.len().min(at + 3))
            .unwrap_or_default();
        match (byte, rest) {
            (b'=', [b'\r', b'\n']) => at += 3,
            (b'=', [b'\n', ..]) => at += 2,
            (b'=', _) if hex(rest, 2).is_some() => {
                out.extend(hex(rest, 2).and_then(|code| u8::try_from(code).ok()));
                count += 1;
                at += 3;
                continue;
            }
            _ => {
                out.push(byte);
                at += 1;
                continue;
            }
        }
        count += 1;
    }
    if count == 0 {
        String::new()
    } else {
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Numbers that are the codes of characters: decimal `103 104`, binary `01100111 01101000`.
fn codes(text: &str) -> String {
    let mut out = String::new();
    let mut found = String::new();
    let mut flush = |found: &mut String| {
        if found.len() >= 12 {
            out.push_str(found);
            out.push('\n');
        }
        found.clear();
    };
    for word in text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '[' | ']' | '(' | ')' | '-'))
    {
        if word.is_empty() {
            continue;
        }
        let code = if word.len() >= 7 && word.bytes().all(|b| matches!(b, b'0' | b'1')) {
            if word.len() > 8 && word.len().is_multiple_of(8) {
                found.extend(word.as_bytes().chunks(8).filter_map(|bits| {
                    let bits = std::str::from_utf8(bits).ok()?;
                    u8::from_str_radix(bits, 2)
                        .ok()
                        .filter(u8::is_ascii)
                        .map(char::from)
                }));
                continue;
            }
            u8::from_str_radix(word, 2).ok()
        } else if word.len() <= 3 {
            word.parse().ok()
        } else {
            None
        };
        match code.filter(|code: &u8| (32..127).contains(code)) {
            Some(code) => found.push(char::from(code)),
            None => flush(&mut found),
        }
    }
    flush(&mut found);
    out
}

/// Characters named one by one: `g h p underscore capital x four`, alphabets of radio operators.
fn spoken(text: &str) -> String {
    let mut out = String::new();
    let mut found = String::new();
    let mut capital = false;
    let mut named = 0;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
        let word = word.trim_matches(['.', '(', ')', '"', ':']);
        if word.is_empty() {
            continue;
        }
        let lower = word.to_ascii_lowercase();
        if matches!(
            lower.as_str(),
            "capital" | "upper" | "uppercase" | "cap" | "big"
        ) {
            capital = true;
            continue;
        }
        if matches!(lower.as_str(), "lower" | "lowercase" | "small" | "then") {
            continue;
        }
        let mut chars = word.chars();
        let c = match (chars.next(), chars.next()) {
            (Some(c), None) => Some(c),
            _ => named_character(&lower).inspect(|_| named += 1),
        };
        // A run of characters may stand between named signs: "sk dash ant dash api03".
        match c {
            Some(c) => found.push(if capital { c.to_ascii_uppercase() } else { c }),
            None if word.len() >= 2 && word.bytes().any(|b| b.is_ascii_digit())
                || is_stem(&lower) =>
            {
                found.push_str(word);
            }
            None => {
                if named >= 1 && found.len() >= 12 {
                    out.push_str(&found);
                    out.push('\n');
                }
                found.clear();
                named = 0;
            }
        }
        capital = false;
    }
    if named >= 1 && found.len() >= 12 {
        out.push_str(&found);
    }
    out
}

/// Signs named in brackets inside a word: `ghp[underscore]4Z`. Empty when there are none.
fn bracketed(text: &str) -> String {
    const NAMED: [(&str, &str); 8] = [
        ("[underscore]", "_"),
        ("(underscore)", "_"),
        ("[dash]", "-"),
        ("(dash)", "-"),
        ("[hyphen]", "-"),
        ("[dot]", "."),
        ("(dot)", "."),
        ("{dot}", "."),
    ];
    let mut out = String::new();
    for (name, sign) in NAMED {
        let source = if out.is_empty() { text } else { &out };
        if memchr::memmem::find(source.as_bytes(), name.as_bytes()).is_some() {
            out = source.replace(name, sign);
        }
    }
    out
}

/// Words that begin tokens.
fn is_stem(word: &str) -> bool {
    matches!(
        word,
        "sk" | "ant"
            | "live"
            | "test"
            | "rk"
            | "ghp"
            | "gho"
            | "ghs"
            | "am"
            | "hf"
            | "npm"
            | "xoxb"
            | "xoxp"
            | "glpat"
            | "proj"
            | "pypi"
            | "github"
            | "pat"
            | "whsec"
            | "akia"
            | "aiza"
    )
}

fn named_character(word: &str) -> Option<char> {
    const NATO: [&str; 26] = [
        "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india",
        "juliet", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra",
        "tango", "uniform", "victor", "whiskey", "xray", "yankee", "zulu",
    ];
    const DIGITS: [&[&str]; 10] = [
        &["zero", "oh", "null", "cero"],
        &["one", "eins", "un", "uno"],
        &["two", "zwei", "deux", "dos"],
        &["three", "drei", "trois", "tres"],
        &["four", "vier", "quatre", "cuatro"],
        &["five", "fünf", "cinq", "cinco"],
        &["six", "sechs", "seis"],
        &["seven", "sieben", "sept", "siete"],
        &["eight", "acht", "huit", "ocho"],
        &["nine", "neun", "neuf", "nueve"],
    ];
    match word {
        "underscore" | "[underscore]" | "unterstrich" => return Some('_'),
        "dash" | "hyphen" | "minus" | "[dash]" | "bindestrich" => return Some('-'),
        "dot" | "period" | "point" | "[dot]" | "punkt" => return Some('.'),
        "slash" => return Some('/'),
        "plus" => return Some('+'),
        "equals" => return Some('='),
        "colon" => return Some(':'),
        "at" => return Some('@'),
        "alfa" => return Some('a'),
        "juliett" => return Some('j'),
        "whisky" => return Some('w'),
        "x-ray" => return Some('x'),
        _ => {}
    }
    if let Some(at) = NATO.iter().position(|name| *name == word) {
        return char::from_u32(u32::from('a') + u32::try_from(at).ok()?);
    }
    let digit = DIGITS.iter().position(|names| names.contains(&word))?;
    char::from_digit(u32::try_from(digit).ok()?, 10)
}

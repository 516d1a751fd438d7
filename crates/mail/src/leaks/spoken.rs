//! Characters written as words.

/// Characters named one by one: `g h p underscore capital x four`, alphabets of radio operators.
pub(super) fn spoken(text: &str) -> String {
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
pub(super) fn bracketed(text: &str) -> String {
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

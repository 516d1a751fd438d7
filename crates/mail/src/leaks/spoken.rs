//! Characters written as words.

use super::spans::fields;

/// Characters named one by one: `g h p underscore capital x four`, alphabets of radio operators.
pub(super) fn spoken(text: &str) -> String {
    let mut out = String::new();
    let mut found = String::new();
    let mut capital = false;
    let mut named = 0;
    for word in fields(text, b",;") {
        let word = word.trim_matches(['.', '(', ')', '"', ':']);
        if word.is_empty() {
            continue;
        }
        // Longer words name nothing.
        let mut buffer = [0; LONGEST];
        let lower = lowered(word, &mut buffer);
        match lower {
            b"capital" | b"upper" | b"uppercase" | b"cap" | b"big" => {
                capital = true;
                continue;
            }
            b"lower" | b"lowercase" | b"small" | b"then" => continue,
            _ => {}
        }
        let mut chars = word.chars();
        let c = match (chars.next(), chars.next()) {
            (Some(c), None) => Some(c),
            _ => named_character(lower).inspect(|_| named += 1),
        };
        // A run of characters may stand between named signs: "sk dash ant dash api03".
        match c {
            Some(c) => found.push(if capital { c.to_ascii_uppercase() } else { c }),
            None if word.len() >= 2 && word.bytes().any(|b| b.is_ascii_digit())
                || is_stem(lower) =>
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

/// Octets of the longest word that is read.
const LONGEST: usize = 12;

/// A word with its ASCII letters in lower case; empty when it is too long.
fn lowered<'a>(word: &str, buffer: &'a mut [u8; LONGEST]) -> &'a [u8] {
    let Some(lower) = buffer.get_mut(..word.len()) else {
        return &[];
    };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    lower
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
fn is_stem(word: &[u8]) -> bool {
    matches!(
        word,
        b"sk"
            | b"ant"
            | b"live"
            | b"test"
            | b"rk"
            | b"ghp"
            | b"gho"
            | b"ghs"
            | b"am"
            | b"hf"
            | b"npm"
            | b"xoxb"
            | b"xoxp"
            | b"glpat"
            | b"proj"
            | b"pypi"
            | b"github"
            | b"pat"
            | b"whsec"
            | b"akia"
            | b"aiza"
    )
}

fn named_character(word: &[u8]) -> Option<char> {
    let c = match word {
        b"underscore" | b"[underscore]" | b"unterstrich" => '_',
        b"dash" | b"hyphen" | b"minus" | b"[dash]" | b"bindestrich" => '-',
        b"dot" | b"period" | b"point" | b"[dot]" | b"punkt" => '.',
        b"slash" => '/',
        b"plus" => '+',
        b"equals" => '=',
        b"colon" => ':',
        b"at" => '@',
        b"zero" | b"oh" | b"null" | b"cero" => '0',
        b"one" | b"eins" | b"un" | b"uno" => '1',
        b"two" | b"zwei" | b"deux" | b"dos" => '2',
        b"three" | b"drei" | b"trois" | b"tres" => '3',
        b"four" | b"vier" | b"quatre" | b"cuatro" => '4',
        b"five" | b"f\xC3\xBCnf" | b"cinq" | b"cinco" => '5',
        b"six" | b"sechs" | b"seis" => '6',
        b"seven" | b"sieben" | b"sept" | b"siete" => '7',
        b"eight" | b"acht" | b"huit" | b"ocho" => '8',
        b"nine" | b"neun" | b"neuf" | b"nueve" => '9',
        _ => return radio_letter(word),
    };
    Some(c)
}

/// A letter by the alphabet of radio operators.
fn radio_letter(word: &[u8]) -> Option<char> {
    let named = matches!(
        word,
        b"alpha"
            | b"alfa"
            | b"bravo"
            | b"charlie"
            | b"delta"
            | b"echo"
            | b"foxtrot"
            | b"golf"
            | b"hotel"
            | b"india"
            | b"juliet"
            | b"juliett"
            | b"kilo"
            | b"lima"
            | b"mike"
            | b"november"
            | b"oscar"
            | b"papa"
            | b"quebec"
            | b"romeo"
            | b"sierra"
            | b"tango"
            | b"uniform"
            | b"victor"
            | b"whiskey"
            | b"whisky"
            | b"xray"
            | b"x-ray"
            | b"yankee"
            | b"zulu"
    );
    word.first()
        .filter(|_| named)
        .map(|first| char::from(*first))
}

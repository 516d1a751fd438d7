//! Characters written as words.

use super::spans::{Octets, ends, fields};

/// What parts words.
const BETWEEN_WORDS: Octets = ends(b",;");

/// Characters named one by one: `g h p underscore capital x four`, alphabets of radio operators.
pub(super) fn spoken(text: &str) -> String {
    let mut spelled = Spelled::default();
    for word in fields(text, &BETWEEN_WORDS) {
        // Most words have no sign around them.
        let is_bare = match word.as_bytes() {
            [first, .., last] => first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric(),
            _ => false,
        };
        let word = if is_bare {
            word
        } else {
            word.trim_matches(['.', '(', ')', '"', ':'])
        };
        if !word.is_empty() {
            spelled.read(word);
        }
    }
    let ended = spelled.out.len();
    spelled.end();
    // Lines are parted, not ended.
    spelled
        .out
        .truncate(ended.max(spelled.out.len().saturating_sub(1)));
    spelled.out
}

/// What was spelled so far.
#[derive(Default)]
struct Spelled {
    out: String,
    /// The characters of the word that is being spelled.
    found: String,
    /// How many of them were named.
    named: usize,
    /// The next one is a capital.
    capital: bool,
}

impl Spelled {
    fn read(&mut self, word: &str) {
        let mut chars = word.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return self.push(c);
        }
        let meaning = if may_mean(word.as_bytes()) {
            let mut buffer = [0; LONGEST];
            // Longer words name nothing.
            meaning(lowered(word, &mut buffer))
        } else {
            None
        };
        match meaning {
            Some(Meaning::Capital) => self.capital = true,
            Some(Meaning::Nothing) => {}
            Some(Meaning::Character(c)) => {
                self.named += 1;
                self.push(c);
            }
            // A run of characters may stand between named signs: "sk dash ant dash api03".
            Some(Meaning::Stem) => self.push_run(word),
            None if word.bytes().any(|b| b.is_ascii_digit()) => self.push_run(word),
            None => {
                self.end();
                self.capital = false;
            }
        }
    }

    fn push(&mut self, c: char) {
        let c = if self.capital {
            c.to_ascii_uppercase()
        } else {
            c
        };
        self.found.push(c);
        self.capital = false;
    }

    fn push_run(&mut self, word: &str) {
        self.found.push_str(word);
        self.capital = false;
    }

    /// Ends the word that was spelled.
    fn end(&mut self) {
        if self.named >= 1 && self.found.len() >= 12 {
            self.out.push_str(&self.found);
            self.out.push('\n');
        }
        self.found.clear();
        self.named = 0;
    }
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

/// What a word means where characters are named.
#[derive(Clone, Copy)]
enum Meaning {
    /// The next character is a capital.
    Capital,
    /// The next character is a small letter, or nothing.
    Nothing,
    /// A character.
    Character(char),
    /// The beginning of a token.
    Stem,
}

/// Words and what they mean.
const WORDS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Capital,
        &["capital", "upper", "uppercase", "cap", "big"],
    ),
    (Meaning::Nothing, &["lower", "lowercase", "small", "then"]),
    (
        Meaning::Character('_'),
        &["underscore", "[underscore]", "unterstrich"],
    ),
    (
        Meaning::Character('-'),
        &["dash", "hyphen", "minus", "[dash]", "bindestrich"],
    ),
    (
        Meaning::Character('.'),
        &["dot", "period", "point", "[dot]", "punkt"],
    ),
    (Meaning::Character('/'), &["slash"]),
    (Meaning::Character('+'), &["plus"]),
    (Meaning::Character('='), &["equals"]),
    (Meaning::Character(':'), &["colon"]),
    (Meaning::Character('@'), &["at"]),
    (Meaning::Character('0'), &["zero", "oh", "null", "cero"]),
    (Meaning::Character('1'), &["one", "eins", "un", "uno"]),
    (Meaning::Character('2'), &["two", "zwei", "deux", "dos"]),
    (Meaning::Character('3'), &["three", "drei", "trois", "tres"]),
    (
        Meaning::Character('4'),
        &["four", "vier", "quatre", "cuatro"],
    ),
    (Meaning::Character('5'), &["five", "fünf", "cinq", "cinco"]),
    (Meaning::Character('6'), &["six", "sechs", "seis"]),
    (
        Meaning::Character('7'),
        &["seven", "sieben", "sept", "siete"],
    ),
    (Meaning::Character('8'), &["eight", "acht", "huit", "ocho"]),
    (Meaning::Character('9'), &["nine", "neun", "neuf", "nueve"]),
    // The alphabet of radio operators.
    (Meaning::Character('a'), &["alpha", "alfa"]),
    (Meaning::Character('b'), &["bravo"]),
    (Meaning::Character('c'), &["charlie"]),
    (Meaning::Character('d'), &["delta"]),
    (Meaning::Character('e'), &["echo"]),
    (Meaning::Character('f'), &["foxtrot"]),
    (Meaning::Character('g'), &["golf"]),
    (Meaning::Character('h'), &["hotel"]),
    (Meaning::Character('i'), &["india"]),
    (Meaning::Character('j'), &["juliet", "juliett"]),
    (Meaning::Character('k'), &["kilo"]),
    (Meaning::Character('l'), &["lima"]),
    (Meaning::Character('m'), &["mike"]),
    (Meaning::Character('n'), &["november"]),
    (Meaning::Character('o'), &["oscar"]),
    (Meaning::Character('p'), &["papa"]),
    (Meaning::Character('q'), &["quebec"]),
    (Meaning::Character('r'), &["romeo"]),
    (Meaning::Character('s'), &["sierra"]),
    (Meaning::Character('t'), &["tango"]),
    (Meaning::Character('u'), &["uniform"]),
    (Meaning::Character('v'), &["victor"]),
    (Meaning::Character('w'), &["whiskey", "whisky"]),
    (Meaning::Character('x'), &["xray", "x-ray"]),
    (Meaning::Character('y'), &["yankee"]),
    (Meaning::Character('z'), &["zulu"]),
    (
        Meaning::Stem,
        &[
            "sk", "ant", "live", "test", "rk", "ghp", "gho", "ghs", "am", "hf", "npm", "xoxb",
            "xoxp", "glpat", "proj", "pypi", "github", "pat", "whsec", "akia", "aiza",
        ],
    ),
];

/// One bit for what a word of [`WORDS`] begins and ends with and for its length, roughly.
const KNOWN: [u64; 64] = {
    let mut bits = [0; 64];
    let mut meaning = 0;
    while meaning < WORDS.len() {
        let words = WORDS[meaning].1;
        let mut word = 0;
        while word < words.len() {
            let octets = words[word].as_bytes();
            let place = place(octets.len(), octets[0], octets[octets.len() - 1]);
            bits[place / 64] |= 1 << (place % 64);
            word += 1;
        }
        meaning += 1;
    }
    bits
};

/// The same for capital and small letters.
const fn place(length: usize, first: u8, last: u8) -> usize {
    ((length % 4) << 10) | ((first as usize % 32) << 5) | (last as usize % 32)
}

/// Whether a word may mean something, which few words do.
fn may_mean(word: &[u8]) -> bool {
    let (Some(first), Some(last)) = (word.first(), word.last()) else {
        return false;
    };
    let place = place(word.len(), *first, *last);
    let bits = KNOWN.get(place / 64);
    bits.is_some_and(|bits| bits >> (place % 64) & 1 == 1)
}

fn meaning(word: &[u8]) -> Option<Meaning> {
    let known = |words: &[&str]| words.iter().any(|known| known.as_bytes() == word);
    let mut all = WORDS.iter();
    all.find(|(_, words)| known(words))
        .map(|(meaning, _)| *meaning)
}

//! What somebody looks for.

use super::words::{Word, each_word, is_spaceless};

/// Terms of the longest query; what comes after them does not count.
const MAX_TERMS: usize = 32;

/// A query: every clause must hold. Nothing in it is an operator except double quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What must hold.
    pub clauses: Vec<Clause>,
}

/// Words that stand one after another: one word, a quoted phrase, or what was written without a
/// space, such as `INV-2024-001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The words.
    pub terms: Vec<Term>,
}

/// One word of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The folded word.
    pub text: String,
    /// Its place after the first word of its clause.
    pub offset: u32,
    /// Words that begin with it count too.
    pub is_prefix: bool,
}

impl Query {
    /// Reads a query. Nothing is wrong with any: text without words has no clauses.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut left = MAX_TERMS;
        let mut last_is_open = false;
        for (index, part) in text.split(['"', '“', '”', '„', '«', '»']).enumerate() {
            // A quote that is never closed quotes what is left, as it was meant to.
            if index % 2 == 1 {
                last_is_open &= !query.add(part, &mut left);
            } else {
                for item in part.split_whitespace() {
                    last_is_open = query.add(item, &mut left) || last_is_open;
                }
            }
        }
        if last_is_open
            && let Some(term) = query.clauses.last_mut().and_then(|c| c.terms.last_mut())
        {
            // The words that begin with one letter are most words.
            term.is_prefix |= term.text.chars().nth(1).is_some();
        }
        query
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// All words, in order.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.clauses.iter().flat_map(|clause| &clause.terms)
    }

    /// Adds the words of `text` as one clause; whether there was any.
    fn add(&mut self, text: &str, left: &mut usize) -> bool {
        let terms = terms(text, *left);
        *left -= terms.len();
        if terms.is_empty() {
            return false;
        }
        self.clauses.push(Clause { terms });
        true
    }
}

fn terms(text: &str, most: usize) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut whole = None;
    let mut words = 0;
    each_word(text, |word| {
        if word.is_whole {
            whole = Some((word.term.to_owned(), word.start == 0));
            return;
        }
        words += 1;
        if !word.is_tail && terms.len() < most {
            terms.push(term(&word));
        }
    });
    // An address alone is looked up as a whole. Inside a phrase its parts say the same.
    if let Some((address, true)) = whole
        && !text.contains(char::is_whitespace)
        && most > 0
        && words == parts_of(&address)
    {
        return vec![Term {
            text: address,
            offset: 0,
            is_prefix: false,
        }];
    }
    terms
}

fn parts_of(address: &str) -> usize {
    let mut parts = 0;
    each_word(address, |word| parts += usize::from(!word.is_whole));
    parts
}

fn term(word: &Word<'_>) -> Term {
    // A single character of such a script is found as the beginning of a pair.
    let mut chars = word.term.chars();
    let is_alone = chars.next().is_some_and(is_spaceless) && chars.next().is_none();
    Term {
        text: word.term.to_owned(),
        offset: word.position,
        is_prefix: is_alone,
    }
}

impl Term {
    /// Characters from which on a word is also looked for inside the words of a header.
    pub const MIN_INSIDE: usize = 3;

    /// Whether the word is also looked for inside the words of a header.
    #[must_use]
    pub fn counts_inside(&self) -> bool {
        self.text.chars().count() >= Self::MIN_INSIDE
    }

    fn matches(&self, word: &Word<'_>) -> bool {
        if self.is_prefix {
            word.term.starts_with(&self.text)
        } else {
            word.term == self.text
        }
    }
}

impl Clause {
    /// Whether the words must stand next to each other, which an index of words does not know.
    #[must_use]
    pub fn is_phrase(&self) -> bool {
        self.terms.len() > 1
    }

    /// Whether the clause holds in one of these texts.
    #[must_use]
    pub fn is_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        texts
            .into_iter()
            .any(|text| !self.occurrences(text, false).is_empty())
    }

    /// Where the clause occurs in `text`, in octets, in the order of the text. They may overlap. With
    /// `inside` a single word is also found inside others.
    pub(super) fn occurrences(&self, text: &str, inside: bool) -> Vec<(usize, usize)> {
        // How far each possible occurrence has come: where it begins in the text, the position of
        // its first word, and how many terms it has.
        let mut open: Vec<(usize, u32, usize)> = Vec::new();
        let mut found = Vec::new();
        let Some(first) = self.terms.first() else {
            return found;
        };
        let inside = inside && first.counts_inside();
        each_word(text, |word| {
            if self.terms.len() == 1 {
                if first.matches(&word) || (inside && word.term.contains(&first.text)) {
                    found.push((word.start, word.end));
                }
                return;
            }
            if word.is_whole {
                return;
            }
            open.retain_mut(|(start, base, done)| {
                let Some(term) = self.terms.get(*done) else {
                    return false;
                };
                let wanted = *base + (term.offset - first.offset);
                if word.position < wanted {
                    return true;
                }
                if word.position > wanted || !term.matches(&word) {
                    return false;
                }
                *done += 1;
                if *done == self.terms.len() {
                    found.push((*start, word.end));
                }
                *done < self.terms.len()
            });
            // At most one begins at each word and each lives for one phrase, so this stays linear.
            if first.matches(&word) {
                open.push((word.start, word.position, 1));
            }
        });
        found
    }
}

//! What the index knows of a message: its words with their weights, and which stand together.

use std::collections::HashMap;

use mail::search::{Query, Word, each_word};
use model::message::{Content, Message};

use super::segment::{self, Entries, Pair};

/// Octets of a body that are looked at; what follows is found by nobody.
const MAX_TEXT: usize = 64 << 10;
/// Different words of one message.
const MAX_WORDS: usize = 4_000;
/// Characters of a header's word from which on its inside is found too, and up to which.
const INSIDE: std::ops::RangeInclusive<usize> = 4..=24;

/// What a word counts in a field, and how often it counts there.
struct Field {
    weight: u8,
    most: u8,
    is_header: bool,
}

const SUBJECT: Field = Field {
    weight: 24,
    most: 2,
    is_header: true,
};
const FROM: Field = Field {
    weight: 16,
    most: 1,
    is_header: true,
};
const RECIPIENTS: Field = Field {
    weight: 8,
    most: 1,
    is_header: true,
};
const FILES: Field = Field {
    weight: 8,
    most: 1,
    is_header: true,
};
/// What the author wrote, in addition to [`TEXT`].
const NEW_TEXT: Field = Field {
    weight: 2,
    most: 5,
    is_header: false,
};
/// The whole text, with what it quotes.
const TEXT: Field = Field {
    weight: 1,
    most: 5,
    is_header: false,
};

/// What a word weighs at most in a message, all fields together.
pub(super) const MAX_WEIGHT: u8 = {
    let fields = [&SUBJECT, &FROM, &RECIPIENTS, &FILES, &NEW_TEXT, &TEXT];
    let (mut sum, mut n) = (0, 0);
    while n < fields.len() {
        sum += fields[n].weight * fields[n].most;
        n += 1;
    }
    sum
};

/// What the index is to know of a message.
pub(super) fn entries(message: &Message, content: &Content) -> Entries {
    let mut words = Words::default();
    words.field(&[&SUBJECT], message.subject.as_deref());
    words.field(&[&FROM], [message.from.as_str()]);
    words.field(&[&RECIPIENTS], message.people.recipients());
    words.field(&[&FILES], files(message));
    match (&content.extracted_text, &content.text) {
        // Most mail quotes nothing: its words are cut once and count for both.
        (Some(new), Some(text)) if is_all_new(new, text) => {
            words.field(&[&NEW_TEXT, &TEXT], [text.as_str()]);
        }
        (new, text) => {
            words.field(&[&NEW_TEXT], new.as_deref());
            words.field(&[&TEXT], text.as_deref());
        }
    }
    let keys = words.known.into_iter();
    Entries {
        words: keys.map(|(key, known)| (key, known.sum)).collect(),
        lists: vec![
            segment::of_inbox(message.inbox_key.as_bytes()),
            segment::of_pod(message.pod_id.as_bytes()),
        ],
        pairs: words.pairs,
    }
}

/// Whether both have the same words, for all that is looked at.
fn is_all_new(new: &str, text: &str) -> bool {
    text.len() <= MAX_TEXT && new.trim().lines().eq(text.trim().lines())
}

/// Whether what stands together in the query stands together in the message too. Single words are
/// the index's business.
pub(super) fn has_phrases(query: &Query, message: &Message, content: &Content) -> bool {
    let texts = || {
        let bodies = [&content.text, &content.extracted_text];
        let bodies = bodies.into_iter().flatten().map(|text| head(text));
        [message.from.as_str()]
            .into_iter()
            .chain(message.subject.as_deref())
            .chain(message.people.recipients())
            .chain(files(message))
            .chain(bodies)
    };
    let phrases = query.clauses.iter().filter(|clause| clause.is_phrase());
    phrases.into_iter().all(|phrase| phrase.is_in(texts()))
}

fn files(message: &Message) -> impl Iterator<Item = &str> {
    message
        .attachments
        .iter()
        .filter_map(|file| file.filename.as_deref())
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// What is known of a word so far.
#[derive(Default)]
struct Known {
    sum: u8,
    /// The field that is read, by its number, and how often the word was in it.
    field: u8,
    count: u8,
}

#[derive(Default)]
struct Words {
    known: HashMap<Vec<u8>, Known>,
    field: u8,
    pairs: Vec<Pair>,
    /// The pairs that were met, a bit for each.
    met: Vec<u64>,
    key: Vec<u8>,
    last: String,
}

impl Words {
    /// Adds the words of `texts`, which are what is in all of these fields.
    fn field<'a>(&mut self, fields: &[&Field], texts: impl IntoIterator<Item = &'a str>) {
        self.field += 1;
        for text in texts {
            let mut last_position = None;
            each_word(head(text), |word| {
                self.word(fields, &word);
                if word.is_whole {
                    return;
                }
                if last_position.is_some_and(|last: u32| last + 1 == word.position) {
                    self.pair(&word);
                }
                last_position = Some(word.position);
                self.last.clear();
                self.last.push_str(word.term);
            });
        }
    }

    fn word(&mut self, fields: &[&Field], word: &Word<'_>) {
        let mut key = std::mem::take(&mut self.key);
        segment::put_word(&mut key, word.term);
        let is_full = self.known.len() >= MAX_WORDS;
        if !is_full && !self.known.contains_key(&key) {
            self.known.insert(key.clone(), Known::default());
        }
        let Some(known) = self.known.get_mut(&key) else {
            self.key = key;
            return;
        };
        self.key = key;
        let is_first = known.field != self.field;
        if is_first {
            (known.field, known.count) = (self.field, 0);
        }
        for field in fields {
            if known.count < field.most {
                known.sum = known.sum.saturating_add(field.weight);
            }
        }
        known.count = known.count.saturating_add(1);
        let header = fields.iter().find(|field| field.is_header);
        if let Some(header) = header.filter(|_| is_first) {
            self.insides(word, header.weight);
        }
    }

    /// Adds the ends of a header's word, by which its inside is found.
    fn insides(&mut self, word: &Word<'_>, weight: u8) {
        let length = word.term.chars().count();
        if word.is_whole || !INSIDE.contains(&length) {
            return;
        }
        let ends = word.term.char_indices().skip(1);
        for (at, _) in ends.take(length - mail::search::Term::MIN_INSIDE) {
            let key = segment::inside(&word.term[at..]);
            if self.known.len() < MAX_WORDS || self.known.contains_key(&key) {
                let known = self.known.entry(key).or_default();
                known.sum = weight.max(known.sum);
            }
        }
    }

    /// Adds the word before and this one.
    fn pair(&mut self, word: &Word<'_>) {
        let pair = Pair::new(&self.last, word.term);
        let (place, bit) = (pair.number() / 64, 1_u64 << (pair.number() % 64));
        self.met.resize(Pair::COUNT / 64, 0);
        if let Some(met) = self.met.get_mut(place)
            && *met & bit == 0
        {
            *met |= bit;
            self.pairs.push(pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_weighs_by_where_it_is_and_to_a_bound() {
        let mut words = Words::default();
        words.field(&[&SUBJECT], ["Report", "report REPORT"]);
        words.field(&[&NEW_TEXT, &TEXT], ["report and more", "more"]);
        let weight = |word: &str| words.known.get(&segment::word(word)).map(|known| known.sum);
        assert_eq!(weight("report"), Some(2 * 24 + 2 + 1));
        assert_eq!(weight("more"), Some(2 * (2 + 1)));
        assert_eq!(weight("port"), None);
        let inside = words.known.get(&segment::inside("port"));
        assert_eq!(inside.map(|known| known.sum), Some(24));
        let mut all = Words::default();
        for field in [&SUBJECT, &FROM, &RECIPIENTS, &FILES, &NEW_TEXT, &TEXT] {
            all.field(&[field], ["x"; 9]);
        }
        assert_eq!(all.known[&segment::word("x")].sum, MAX_WEIGHT);
    }

    #[test]
    fn words_next_to_each_other_are_a_pair_once_and_in_one_text_only() {
        let mut words = Words::default();
        words.field(&[&TEXT], ["One two one two", "three"]);
        assert_eq!(
            words.pairs,
            [Pair::new("one", "two"), Pair::new("two", "one")]
        );
    }
}

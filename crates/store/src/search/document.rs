//! The words of a message, with their weights.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use mail::search::{Query, Word, each_word};
use model::message::{Content, Message};

use super::segment::{self, WordList};

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

/// The keys of a message's words in the index, each once, with their weights.
pub(super) fn words(message: &Message, content: &Content) -> WordList {
    let mut words = Words::default();
    words.field(&SUBJECT, message.subject.as_deref());
    words.field(&FROM, [message.from.as_str()]);
    words.field(&RECIPIENTS, message.people.recipients());
    words.field(&FILES, files(message));
    match (&content.extracted_text, &content.text) {
        // Most mail quotes nothing: its words are cut once and count for both.
        (Some(new), Some(text)) if is_all_new(new, text) => words.both(text),
        (new, text) => {
            words.field(&NEW_TEXT, new.as_deref());
            words.field(&TEXT, text.as_deref());
        }
    }
    let mut keys: WordList = words.0.into_iter().collect();
    keys.push((segment::of_inbox(message.inbox_key.as_bytes()), 1));
    keys.push((segment::of_pod(message.pod_id.as_bytes()), 1));
    keys
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

#[derive(Default)]
struct Words(HashMap<Vec<u8>, u8>);

impl Words {
    fn field<'a>(&mut self, field: &Field, texts: impl IntoIterator<Item = &'a str>) {
        for (key, count) in self.count(field, texts) {
            self.add(key, field.weight.saturating_mul(count));
        }
    }

    /// Adds a text that is new as a whole.
    fn both(&mut self, text: &str) {
        const WEIGHT: u8 = NEW_TEXT.weight + TEXT.weight;
        const { assert!(NEW_TEXT.most == TEXT.most) }
        for (key, count) in self.count(&TEXT, [text]) {
            self.add(key, WEIGHT.saturating_mul(count));
        }
    }

    /// How often each word counts in a field.
    fn count<'a>(
        &mut self,
        field: &Field,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> HashMap<Vec<u8>, u8> {
        let mut counted: HashMap<Vec<u8>, u8> = HashMap::new();
        let mut key = Vec::new();
        for text in texts {
            each_word(head(text), |word| {
                segment::word_into(&mut key, word.term);
                if let Some(count) = counted.get_mut(&key) {
                    *count = count.saturating_add(1).min(field.most);
                    return;
                }
                counted.insert(key.clone(), 1.min(field.most));
                if field.is_header {
                    self.insides(&word, field.weight);
                }
            });
        }
        counted
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
            let known = self.0.len() < MAX_WORDS || self.0.contains_key(&key);
            if known {
                let most = self.0.entry(key).or_default();
                *most = weight.max(*most);
            }
        }
    }

    fn add(&mut self, key: Vec<u8>, weight: u8) {
        let is_full = self.0.len() >= MAX_WORDS;
        match self.0.entry(key) {
            Entry::Occupied(mut known) => {
                let sum = known.get().saturating_add(weight);
                known.insert(sum);
            }
            Entry::Vacant(new) if !is_full => {
                new.insert(weight);
            }
            Entry::Vacant(_) => {}
        }
    }
}

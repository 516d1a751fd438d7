//! What a finished message would give away, and what is done about it: blocked, held until somebody
//! has looked, or noted.
//!
//! `mail::leaks` knows secrets by their forms. What only this server can know is added here: its own
//! keys, and the values and canaries that an organisation has registered, by their hashes. No value is
//! kept, shown or logged.

use std::collections::{BTreeMap, BTreeSet};

use documents::Why;
use mail::leaks::{Attached, Class, Finding as Seen, Fingerprint, Outgoing, Place, screen_texts};
use mail::parse::{Parsed, attachments};
use model::message::Content;
use store::{Credential, LeakValue};

/// What is done about a kind of finding; what is stricter is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeakAction {
    /// It leaves, and the log says of which kind it was.
    Note,
    /// It waits until another identity has decided.
    Hold,
    /// It does not leave.
    Block,
}

impl LeakAction {
    /// The name in the configuration and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Note, Self::Hold, Self::Block]
            .into_iter()
            .find(|one| one.name() == name)
    }
}

/// What the operator wants done about kinds and classes, where it is not the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakRules(BTreeMap<String, LeakAction>);

impl LeakRules {
    /// Reads `credit_card=note, marker=hold`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rule = |part: &str| {
            let (kind, action) = part.split_once('=')?;
            let kind = kind.trim();
            let fits = !kind.is_empty()
                && kind
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            Some((
                fits.then(|| kind.to_owned())?,
                LeakAction::parse(action.trim())?,
            ))
        };
        text.split(',')
            .filter(|part| !part.trim().is_empty())
            .map(rule)
            .collect::<Option<_>>()
            .map(Self)
    }

    /// What is done about a kind of a class: as the operator says of the kind, or of the class, or
    /// the usual.
    fn action(&self, kind: &str, class: Class) -> LeakAction {
        let said = self.0.get(kind).or_else(|| self.0.get(class.as_str()));
        said.copied().unwrap_or_else(|| usual(kind, class))
    }
}

fn usual(kind: &str, class: Class) -> LeakAction {
    match class {
        Class::Secret if kind.contains("private") || kind == "agentmail_key" => LeakAction::Block,
        Class::Secret | Class::Bulk | Class::Marker => LeakAction::Hold,
        // An invoice has one, and whoever knows it can only pay.
        Class::Personal if kind == "iban" => LeakAction::Note,
        Class::Personal => LeakAction::Hold,
        Class::Prompt => LeakAction::Note,
    }
}

/// Something that a departure would give away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    /// What is done about it.
    pub(crate) action: LeakAction,
    /// The kind: that of `mail::leaks`, `server_key`, `registered_value` or `canary`.
    pub(crate) kind: String,
    /// Where it stands.
    pub(crate) place: &'static str,
    /// What people call the value, or its first characters and length; never the value.
    pub(crate) shown: Option<String>,
    /// What it is known again by, for what forms give away.
    value: Option<Fingerprint>,
}

/// What was seen of a message.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) leaks: Vec<Leak>,
    /// Words that may be keys of this server, and where they stand.
    words: Vec<(Credential, &'static str)>,
}

/// Words that are looked up at most.
const MOST_WORDS: usize = 2_000;

/// Octets of what may be a key: shorter ones are not taken as keys, longer ones are never made.
const KEY: std::ops::RangeInclusive<usize> = 16..=256;

/// Octets of attached text that are read.
const MOST_ATTACHED: usize = 8 << 20;

/// Texts of a message, as `mail::leaks` takes them.
pub(crate) struct Texts {
    subject: String,
    text: String,
    html: Option<String>,
    recipients: Vec<String>,
    attached: Vec<(String, String)>,
}

impl Texts {
    /// Of a message from its bytes. `documents` are the texts of attachments, by their parts, that
    /// cannot be seen in their bytes.
    pub(crate) fn of(
        raw: &[u8],
        parsed: &Parsed,
        (text, html): (Option<&str>, Option<&str>),
        recipients: Vec<String>,
        mut documents: BTreeMap<usize, String>,
    ) -> Self {
        let is_text = |kind: Option<&str>, name: Option<&str>| {
            let kind = kind.unwrap_or_default().to_ascii_lowercase();
            let name = name.unwrap_or_default().to_ascii_lowercase();
            let ends = [
                ".txt",
                ".csv",
                ".json",
                ".xml",
                ".yaml",
                ".yml",
                ".toml",
                ".ini",
                ".env",
                ".pem",
                ".key",
                ".md",
                ".log",
                ".sql",
                ".htm",
                ".html",
                ".eml",
                ".ics",
                ".vcf",
                ".sh",
                ".py",
                ".js",
                ".ts",
                ".conf",
                ".cfg",
                ".properties",
                ".tsv",
            ];
            kind.starts_with("text/")
                || kind.starts_with("message/")
                || [
                    "json",
                    "xml",
                    "yaml",
                    "x-pem-file",
                    "x-sh",
                    "sql",
                    "javascript",
                ]
                .iter()
                .any(|word| kind.contains(word))
                || ends.iter().any(|end| name.ends_with(end))
        };
        let wanted: Vec<_> = parsed
            .attachments
            .iter()
            .filter(|part| is_text(part.content_type.as_deref(), part.filename.as_deref()))
            .collect();
        let bytes = attachments(raw, wanted.iter().map(|part| part.part));
        let mut room = MOST_ATTACHED;
        let mut texts: BTreeMap<usize, String> = BTreeMap::new();
        for (part, bytes) in wanted.iter().zip(bytes) {
            let bytes = bytes.unwrap_or_default();
            let taken = &bytes[..bytes.len().min(room)];
            room -= taken.len();
            texts.insert(part.part, String::from_utf8_lossy(taken).into_owned());
        }
        texts.append(&mut documents);
        let attached = parsed.attachments.iter().map(|part| {
            let name = part.filename.clone().unwrap_or_default();
            (name, texts.remove(&part.part).unwrap_or_default())
        });
        Self {
            subject: parsed.subject.clone().unwrap_or_default(),
            text: text.unwrap_or_default().to_owned(),
            html: html.map(str::to_owned),
            recipients,
            attached: attached.collect(),
        }
    }

    /// Of a message that is stored.
    pub(crate) fn stored(subject: &str, content: &Content) -> Self {
        Self {
            subject: subject.to_owned(),
            text: content.text.clone().unwrap_or_default(),
            html: content.html.clone(),
            recipients: Vec::new(),
            attached: Vec::new(),
        }
    }

    fn screened(&self, seen: &mut dyn FnMut(Place, &str)) -> Vec<Seen> {
        let recipients: Vec<&str> = self.recipients.iter().map(String::as_str).collect();
        let attached: Vec<Attached<'_>> = self
            .attached
            .iter()
            .map(|(name, text)| Attached { name, text })
            .collect();
        screen_texts(
            &Outgoing {
                subject: &self.subject,
                text: &self.text,
                html: self.html.as_deref(),
                recipients: &recipients,
                attachments: &attached,
                own: &[],
            },
            seen,
        )
    }

    /// What it would give away.
    pub(crate) fn look(
        &self,
        rules: &LeakRules,
        hasher: &ValueHasher,
        values: &[LeakValue],
    ) -> Looked {
        let lengths: BTreeSet<usize> = values.iter().map(|one| one.length).collect();
        let mut looked = Looked::default();
        let mut registered: BTreeMap<usize, &'static str> = BTreeMap::new();
        let found = self.screened(&mut |place, text| {
            words(text, place.as_str(), &mut looked.words);
            if !values.is_empty() {
                hasher.find(text, &lengths, values, &mut |index| {
                    registered.entry(index).or_insert(place.as_str());
                });
            }
        });
        for (index, place) in registered {
            let value = &values[index];
            let canary = value.kind == "canary";
            looked.leaks.push(Leak {
                action: LeakAction::parse(&value.action).unwrap_or(LeakAction::Block),
                kind: if canary { "canary" } else { "registered_value" }.to_owned(),
                place,
                shown: Some(value.name.clone()),
                value: None,
            });
        }
        looked.leaks.extend(found.into_iter().map(|seen| Leak {
            action: rules.action(seen.kind, seen.class),
            kind: seen.kind.to_owned(),
            place: seen.place.as_str(),
            shown: Some(seen.masked),
            value: Some(seen.value),
        }));
        looked
    }

    /// What stands in a message that was sent before.
    pub(crate) fn known(&self) -> Vec<Fingerprint> {
        let found = self.screened(&mut |_, _| {});
        found.into_iter().map(|seen| seen.value).collect()
    }
}

impl Looked {
    /// What may be keys of this server.
    pub(crate) fn candidates(&self) -> Vec<Credential> {
        let words = self.words.iter();
        words
            .map(|(word, _)| Credential::of_digest(word.digest()))
            .collect()
    }

    /// That an attachment could not be read: noted, unless the operator says otherwise. Mail carries
    /// pictures and archives all day.
    pub(crate) fn has_unread(&mut self, rules: &LeakRules, why: Why) {
        let said = rules.0.get("unread_document").copied();
        self.leaks.push(Leak {
            action: said.unwrap_or(LeakAction::Note),
            kind: "unread_document".to_owned(),
            place: Place::Attachment(0).as_str(),
            shown: Some(why.name().to_owned()),
            value: None,
        });
    }

    /// That one of the candidates is a key.
    pub(crate) fn has_key(&mut self) {
        self.leaks.push(Leak {
            action: LeakAction::Block,
            kind: "server_key".to_owned(),
            place: self.words.first().map_or("text", |(_, place)| *place),
            shown: None,
            value: None,
        });
    }

    /// What is held of what forms give away.
    pub(crate) fn values(&self) -> Vec<Fingerprint> {
        let held = self
            .leaks
            .iter()
            .filter(|leak| leak.action == LeakAction::Hold);
        held.filter_map(|leak| leak.value.clone()).collect()
    }

    /// Takes out what everybody who gets the message has had before.
    pub(crate) fn forgive(&mut self, known: &Fingerprint) {
        self.leaks
            .retain(|leak| leak.action == LeakAction::Block || leak.value.as_ref() != Some(known));
    }

    /// Holds nothing back from the organisation itself; what must not leave at all stays barred.
    pub(crate) fn among_ourselves(&mut self) {
        self.leaks.retain(|leak| leak.action == LeakAction::Block);
    }
}

/// Collects what may be a key: words of the alphabet of keys, and words between blanks for keys that
/// an operator made up.
fn words(text: &str, place: &'static str, found: &mut Vec<(Credential, &'static str)>) {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mixed = |word: &str| {
        KEY.contains(&word.len())
            && word.is_ascii()
            && (word.bytes().any(|b| b.is_ascii_digit()) || word.contains(['_', '-']))
    };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let inner = text.split(|c: char| !is_inner(c));
    let outer = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| ",.;:!?()[]{}<>\"'`".contains(c)));
    for word in inner.chain(outer).filter(|word| mixed(word)) {
        if found.len() >= MOST_WORDS {
            return;
        }
        if seen.insert(word) {
            found.push((Credential::new(word), place));
        }
    }
}

/// Letters and digits of the shortest value that can be registered: shorter ones stand in any text.
pub(crate) const SHORTEST: usize = 8;

/// Letters and digits of the longest.
pub(crate) const LONGEST: usize = 256;

/// The prime of the rolling hash: 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

/// Hashes values as they are stored.
pub(crate) struct ValueHasher {
    key: [u8; 32],
    base: u64,
}

/// A value as it is stored.
pub(crate) struct Hashed {
    pub(crate) length: usize,
    pub(crate) roll: u64,
    pub(crate) digest: [u8; 32],
}

impl ValueHasher {
    /// With a key that is derived from the master key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        let mut bits = [0; 8];
        blake3::Hasher::new_keyed(&key)
            .update(b"base of the rolling hash")
            .finalize_xof()
            .fill(&mut bits);
        Self {
            key,
            base: u64::from_le_bytes(bits) % (PRIME - 1_000) + 500,
        }
    }

    /// The hashes of a value; `None` for one that is too short or too long.
    pub(crate) fn hash(&self, value: &str) -> Option<Hashed> {
        let plain = plain(value);
        (SHORTEST..=LONGEST).contains(&plain.len()).then(|| Hashed {
            length: plain.len(),
            roll: plain.iter().fold(0, |hash, c| self.roll(hash, *c)),
            digest: self.digest(&plain),
        })
    }

    fn digest(&self, plain: &[char]) -> [u8; 32] {
        let text: String = plain.iter().collect();
        *blake3::keyed_hash(&self.key, text.as_bytes()).as_bytes()
    }

    fn roll(&self, hash: u64, next: char) -> u64 {
        (times(hash, self.base) + u64::from(u32::from(next)) + 1) % PRIME
    }

    /// Calls `hit` with the index of each value that stands in `text`, however it is spaced. Takes
    /// time in proportion to the text and to how many lengths there are.
    fn find(
        &self,
        text: &str,
        lengths: &BTreeSet<usize>,
        values: &[LeakValue],
        hit: &mut dyn FnMut(usize),
    ) {
        let plain = plain(text);
        for length in lengths
            .iter()
            .copied()
            .filter(|length| *length <= plain.len())
        {
            let mut by_roll: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
            for (index, value) in values.iter().enumerate() {
                if value.length == length {
                    by_roll.entry(value.roll).or_default().push(index);
                }
            }
            let top = (1..length).fold(1, |power, _| times(power, self.base));
            let mut hash = 0;
            for (at, next) in plain.iter().enumerate() {
                if at >= length {
                    let gone = u64::from(u32::from(plain[at - length])) + 1;
                    hash = (hash + PRIME - times(gone, top)) % PRIME;
                }
                hash = self.roll(hash, *next);
                if at + 1 < length {
                    continue;
                }
                let Some(indexes) = by_roll.get(&hash) else {
                    continue;
                };
                let digest = self.digest(&plain[at + 1 - length..=at]);
                for index in indexes {
                    if values[*index].digest == digest {
                        hit(*index);
                    }
                }
            }
        }
    }
}

/// The letters and digits of a text, in lower case.
fn plain(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
    u64::try_from(product).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Texts {
        Texts {
            subject: String::new(),
            text: text.to_owned(),
            html: None,
            recipients: vec!["bob@outside.test".to_owned()],
            attached: Vec::new(),
        }
    }

    fn value(hasher: &ValueHasher, text: &str, kind: &str) -> LeakValue {
        let hashed = hasher.hash(text).unwrap();
        LeakValue {
            value_id: uuid::Uuid::nil(),
            pod_id: None,
            inbox_key: None,
            name: "Plan".to_owned(),
            kind: kind.to_owned(),
            action: "block".to_owned(),
            length: hashed.length,
            roll: hashed.roll,
            digest: hashed.digest,
            created_at: mail::Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_registered_value_is_found_in_any_writing_and_nothing_else_is() {
        let hasher = ValueHasher::new([3; 32]);
        let values = [
            value(&hasher, "Project Nightingale", "value"),
            value(&hasher, "zq81-kfn2", "canary"),
        ];
        let rules = LeakRules::default();
        for (text, kinds) in [
            (
                "It is called project  NIGHT-ingale, you know.",
                vec!["registered_value"],
            ),
            ("see ZQ81 KFN2.", vec!["canary"]),
            (
                "projectnightingale zq81kfn2",
                vec!["registered_value", "canary"],
            ),
            ("Project Nightingal", vec![]),
            ("", vec![]),
        ] {
            let looked = texts(text).look(&rules, &hasher, &values);
            let found: Vec<&str> = looked.leaks.iter().map(|leak| leak.kind.as_str()).collect();
            assert_eq!(found, kinds, "{text}");
            assert!(
                looked
                    .leaks
                    .iter()
                    .all(|leak| leak.action == LeakAction::Block)
            );
        }
        let other = ValueHasher::new([4; 32]);
        let looked = texts("project nightingale").look(&rules, &other, &values);
        assert!(looked.leaks.is_empty());
        assert!(hasher.hash("short").is_none());
    }

    #[test]
    fn a_key_is_among_the_candidates_wherever_it_stands() {
        let key = "am_us_0123456789abcdef0123456789abcdef";
        let wanted = Credential::new(key).digest();
        for text in [
            format!("key={key}."),
            format!("<https://x.test/?k={key}&y=1>"),
            format!("\"{key}\","),
        ] {
            let looked = texts(&text).look(&LeakRules::default(), &ValueHasher::new([0; 32]), &[]);
            let mut candidates = looked.candidates().into_iter();
            assert!(candidates.any(|one| one.digest() == wanted), "{text}");
        }
        let own = "correct+horse/battery=staple9";
        let looked =
            texts(&format!("({own})")).look(&LeakRules::default(), &ValueHasher::new([0; 32]), &[]);
        let wanted = Credential::new(own).digest();
        assert!(
            looked
                .candidates()
                .into_iter()
                .any(|one| one.digest() == wanted)
        );
    }

    #[test]
    fn what_the_recipient_knows_is_forgiven_and_nothing_else() {
        // Made up, with the right last digit, and not one of the well-known examples.
        let card = "My card is 4716 9203 5518 6472, valid to 12/29.";
        let card = &card.replace("6472", &format!("647{}", luhn("471692035518647")));
        let rules = LeakRules::default();
        let hasher = ValueHasher::new([0; 32]);
        let mut looked = texts(&format!("You wrote: {card}")).look(&rules, &hasher, &[]);
        let kinds: Vec<&str> = looked.leaks.iter().map(|leak| leak.kind.as_str()).collect();
        assert_eq!(kinds, ["credit_card"]);
        for value in texts("Other card").known() {
            looked.forgive(&value);
        }
        assert_eq!(looked.leaks.len(), 1);
        for value in texts(card).known() {
            looked.forgive(&value);
        }
        assert!(looked.leaks.is_empty(), "{looked:?}");
    }

    fn luhn(digits: &str) -> u32 {
        let digits = digits.chars().rev().filter_map(|c| c.to_digit(10));
        let sum: u32 = digits
            .enumerate()
            .map(|(at, digit)| match at % 2 {
                0 if digit > 4 => digit * 2 - 9,
                0 => digit * 2,
                _ => digit,
            })
            .sum();
        (10 - sum % 10) % 10
    }

    #[test]
    fn the_operator_says_what_is_done_about_a_kind_or_a_class() {
        let rules = LeakRules::parse("credit_card = note,marker=block, ").unwrap();
        assert_eq!(
            rules.action("credit_card", Class::Personal),
            LeakAction::Note
        );
        assert_eq!(
            rules.action("confidential", Class::Marker),
            LeakAction::Block
        );
        assert_eq!(rules.action("iban", Class::Personal), LeakAction::Note);
        assert_eq!(
            rules.action("private_key_rsa", Class::Secret),
            LeakAction::Block
        );
        assert_eq!(rules.action("github_pat", Class::Secret), LeakAction::Hold);
        for bad in ["credit_card", "x=never", "=note", "A=note"] {
            assert!(LeakRules::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(LeakRules::parse(""), Some(LeakRules::default()));
    }
}

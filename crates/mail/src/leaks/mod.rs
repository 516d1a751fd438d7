//! What must not leave: secrets, payment data, national identity numbers, lists of contacts,
//! confidentiality marks and an agent's own instructions in an outgoing mail.
//!
//! The screen is deterministic and reads every text of the mail, also what is hidden in HTML,
//! encoded (two layers deep), broken into pieces or written with look-alike characters. A kind
//! is found by its form, by its checksum where it has one, and by the words around it where the
//! form alone proves nothing. Examples, placeholders, public keys, identifiers and hashes are
//! not findings. Time and memory grow linearly with the mail.

mod accounts;
mod bulk;
mod canonical;
mod cards;
mod changes;
mod decode;
mod forms;
mod hex_pairs;
mod labelled;
mod layout_words;
mod literals;
mod mark_words;
mod marks;
mod markup;
mod national;
mod national_checks;
mod national_lettered;
mod national_numbers;
mod numbers;
mod prefixed;
mod prompt;
mod random;
mod recovery;
mod runs;
mod spans;
mod spoken;
mod structured;
#[cfg(test)]
mod tests;
mod view;

use std::rc::Rc;

use decode::{Turn, Turning};
use prefixed::{Index, Pieces};
use view::{View, around, names_any};

/// Layers of encoding that are taken off.
const MAX_LAYERS: u8 = 2;
/// Findings that are told of one mail.
const MAX_FINDINGS: usize = 100;

/// A mail that is about to leave. Texts are decoded, as the composer holds them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The subject.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The HTML as it is sent.
    pub html: Option<&'a str>,
    /// Recipients with their display names.
    pub recipients: &'a [&'a str],
    /// Attached files.
    pub attachments: &'a [Attached<'a>],
    /// Account numbers and other values of the sender's own that may leave, such as the IBAN on
    /// an invoice. Blanks do not matter.
    pub own: &'a [&'a str],
}

/// An attached file.
#[derive(Debug, Default, Clone, Copy)]
pub struct Attached<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its text, as far as it is text; empty otherwise.
    pub text: &'a str,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A key, token or password.
    Secret,
    /// Payment data or the number of a person.
    Personal,
    /// Data of many people.
    Bulk,
    /// A mark that says the text stays inside.
    Marker,
    /// The instructions of an agent.
    Prompt,
}

impl Class {
    /// The name in answers: `secret`, `pii`, `bulk_pii`, `marker` or `prompt`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Personal => "pii",
            Self::Bulk => "bulk_pii",
            Self::Marker => "marker",
            Self::Prompt => "prompt",
        }
    }
}

/// The part of the mail that holds a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The subject.
    Subject,
    /// The plain text.
    Text,
    /// Text of the HTML, shown or hidden.
    Html,
    /// Attributes, comments, styles and scripts of the HTML.
    Markup,
    /// Addresses and names of recipients.
    Recipients,
    /// The name of the attachment with this index.
    FileName(usize),
    /// The text of the attachment with this index.
    Attachment(usize),
}

impl Place {
    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
            Self::Markup => "html_markup",
            Self::Recipients => "recipients",
            Self::FileName(_) => "attachment_name",
            Self::Attachment(_) => "attachment",
        }
    }
}

/// Something that must not leave unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind, such as `github_pat`, `credit_card` or `contact_list`.
    pub kind: &'static str,
    /// What it is about.
    pub class: Class,
    /// Where it stands.
    pub place: Place,
    /// The first characters and the length; never the whole value.
    pub masked: String,
    /// What the value is known again by.
    pub value: Fingerprint,
}

/// What equal values have in common and unequal ones have not. It must not be stored or shown: of a
/// short number it gives the number away.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of the letters and digits of a value; how it is written does not matter.
    fn of(bare: &str) -> Self {
        Self(*blake3::hash(bare.to_lowercase().as_bytes()).as_bytes())
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// Findings so far, each told once for a place.
struct Findings {
    list: Vec<Finding>,
    own: Vec<String>,
}

impl Findings {
    fn add(&mut self, kind: &'static str, class: Class, place: Place, value: &str) {
        if self.list.len() >= MAX_FINDINGS {
            return;
        }
        let masked = masked(value);
        let general = matches!(
            kind,
            "labelled_secret" | "password_prose" | "connection_string"
        );
        // A part of a list, read again without its encoding, is the same list.
        let one_of_a_kind = kind == "contact_list";
        let told = self.list.iter().any(|known| {
            known.place == place
                && (known.masked == masked || one_of_a_kind)
                && (known.kind == kind || (general && known.class == class))
        });
        if told {
            return;
        }
        let bare: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
        if !self.own.contains(&bare) {
            self.list.push(Finding {
                kind,
                class,
                place,
                masked,
                value: Fingerprint::of(&bare),
            });
        }
    }
}

/// At most four characters and at most a third of a value, and its length.
fn masked(value: &str) -> String {
    let length = value.chars().count();
    let shown: String = value.chars().take((length / 3).min(4)).collect();
    format!("{}… ({length})", shown.replace(char::is_control, " "))
}

/// A text that waits for its turn.
struct Segment {
    place: Place,
    source: Source,
    layers: u8,
    turn: Turn,
}

/// Where a waiting text comes from.
enum Source {
    Written(String),
    /// Made of another text when its turn comes, so that a long mail is not held five times.
    Turned(Rc<str>, Turning),
}

impl Source {
    fn text(self) -> String {
        match self {
            Self::Written(text) => text,
            Self::Turned(text, turned) => turned(&text),
        }
    }
}

/// Screens a mail. An empty answer means that nothing was found, not that nothing is there: a
/// patient author finds an encoding that no screen knows.
#[must_use]
pub fn screen(mail: &Outgoing<'_>) -> Vec<Finding> {
    screen_texts(mail, &mut |_, _| {})
}

/// The same, with every text of the mail shown to `seen` as it is screened: canonical, hidden ones and
/// those that were encoded too.
#[must_use]
pub fn screen_texts(mail: &Outgoing<'_>, seen: &mut dyn FnMut(Place, &str)) -> Vec<Finding> {
    let own = mail
        .own
        .iter()
        .map(|own| own.chars().filter(|c| c.is_alphanumeric()).collect());
    let mut findings = Findings {
        list: Vec::new(),
        own: own.collect(),
    };
    let index = Index::new();
    let mut pieces = Pieces::default();
    let subject = canonical::canonical(mail.subject).to_ascii_lowercase();
    let mut waiting = segments(mail);
    while let Some(segment) = waiting.pop() {
        let (place, layers, turn) = (segment.place, segment.layers, segment.turn);
        let written = segment.source.text();
        let text = canonical::canonical(&written);
        seen(place, &text);
        let lower = text.to_ascii_lowercase();
        let view = View::of(&text, &lower, &subject, place, turn);
        // What looks like a beginning in shifted letters is chance.
        let mut chance = Pieces::default();
        let known = if turn == Turn::Straight {
            &mut pieces
        } else {
            &mut chance
        };
        prefixed::whole(&view, &index, &mut findings, known);
        structured::find(&view, turn, &mut findings);
        if turn == Turn::Straight {
            straight(&view, &index, &mut findings);
        }
        let mut push = |turn, layers, source| {
            waiting.push(Segment {
                place,
                source,
                layers,
                turn,
            });
        };
        if layers == 0 {
            prefixed::loose(&view, &index, &mut pieces);
            let hidden = canonical::smuggled(&written);
            if !hidden.is_empty() {
                push(Turn::Straight, 1, Source::Written(hidden));
            }
        }
        if layers < MAX_LAYERS {
            for text in decode::decode(&text, turn) {
                push(Turn::Straight, layers + 1, Source::Written(text));
            }
            let turnings = decode::turnings(&text, turn, layers);
            if !turnings.is_empty() {
                let shared: Rc<str> = Rc::from(&*text);
                for turned in turnings {
                    let source = Source::Turned(Rc::clone(&shared), *turned);
                    push(Turn::Turned, layers + 1, source);
                }
            }
        }
    }
    pieces.report(&mut findings);
    findings.list
}

/// The rules for what is written as words and numbers.
fn straight(view: &View<'_>, index: &Index, findings: &mut Findings) {
    prefixed::broken(view, index, findings);
    labelled::find(view, findings);
    recovery::find(view, findings);
    cards::find(view, findings);
    accounts::find(view, findings);
    national::find(view, findings);
    bulk::find(view, findings);
    marks::find(view, findings);
    prompt::find(view, findings);
}

/// The texts of a mail.
fn segments(mail: &Outgoing<'_>) -> Vec<Segment> {
    let straight = |place, text: &str| Segment {
        place,
        source: Source::Written(text.to_owned()),
        layers: 0,
        turn: Turn::Straight,
    };
    let mut all = vec![
        straight(Place::Subject, mail.subject),
        straight(Place::Text, mail.text),
        straight(Place::Recipients, &mail.recipients.join("\n")),
    ];
    if let Some(html) = mail.html {
        let markup = markup::split(html);
        all.push(straight(Place::Html, &markup.written));
        all.push(straight(Place::Markup, &markup.unseen));
    }
    for (at, file) in mail.attachments.iter().enumerate() {
        all.push(straight(Place::FileName(at), file.name));
        if file.name.to_ascii_lowercase().ends_with(".htm")
            || file.name.to_ascii_lowercase().ends_with(".html")
        {
            all.push(straight(
                Place::Attachment(at),
                &markup::split(file.text).written,
            ));
        }
        all.push(straight(Place::Attachment(at), file.text));
    }
    all.retain(|segment| !matches!(&segment.source, Source::Written(text) if text.is_empty()));
    all
}

//! Random conversations of which the truth is known: each turn is written in a language, by somebody,
//! with a client that quotes the turn before in its own way.

use proptest::prelude::*;

use crate::clients::{ATTRIBUTIONS, HEADERS, WRAPPERS};
use crate::tails::{Old, tail};
use crate::words::LANGUAGES;
use crate::{quoted, wrapped};

/// One message of a conversation, in numbers that choose from the tables.
#[derive(Clone, Debug)]
pub struct Turn {
    language: usize,
    client: usize,
    attribution: usize,
    name: usize,
    pub place: Place,
    greeting: bool,
    signature: usize,
    footer: bool,
    notice: usize,
    width: usize,
    /// The new words are wrapped too, as by mailers of plain text.
    wraps: bool,
    /// The kind of HTML.
    page: usize,
    crlf: bool,
    paragraphs: Vec<Vec<Sentence>>,
}

/// Where the new words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Above,
    Below,
    /// Between the quoted paragraphs.
    Between,
}

#[derive(Clone, Debug)]
struct Sentence {
    shape: usize,
    words: Vec<usize>,
}

/// A message as it travels, and what of it is new.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub text: String,
    pub html: String,
    /// The new paragraphs, without signature, footers and notices.
    pub new: Vec<String>,
    /// Words that stand in no other message, one of each new sentence and signature.
    pub marks: Vec<String>,
    /// A client quoted the old message line by line, or there is none.
    pub marked: bool,
}

const NAMES: &[(&str, &str)] = &[
    ("Ann Lee", "ann@a.example"),
    ("Lee, Ann (Acme)", "ann.lee@acme.example"),
    ("José Luis Ortega Núñez", "jl.ortega@b.example"),
    ("Dr. Hans-Peter Müller", "hp.mueller@c.example"),
    ("山田太郎", "yamada@d.example"),
    ("Анна Иванова", "anna@e.example"),
    ("김철수", "kim@f.example"),
    ("O'Brien Pat", "pat@g.example"),
    ("Ann Lee via Forum", "forum+1@h.example"),
];

const NOTICES: &[&str] = &[
    "This email and any attachments are confidential and intended solely for the addressee. If you have received it in error, please delete it.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie diese Mail.",
    "Ce message et ses pièces jointes peuvent contenir des informations confidentielles.",
];

pub fn turn() -> impl Strategy<Value = Turn> {
    let sentence = (0_usize..8, prop::collection::vec(any::<usize>(), 2..12))
        .prop_map(|(shape, words)| Sentence { shape, words });
    let paragraphs = prop::collection::vec(prop::collection::vec(sentence, 1..3), 1..4);
    let choices = (
        any::<usize>(),
        any::<usize>(),
        any::<usize>(),
        any::<usize>(),
        0_usize..6,
    );
    let extras = (
        any::<bool>(),
        0_usize..4,
        any::<bool>(),
        0_usize..8,
        50_usize..100,
        any::<bool>(),
        0_usize..4,
        any::<bool>(),
    );
    (choices, extras, paragraphs).prop_map(
        |(
            (language, client, attribution, name, place),
            (greeting, signature, footer, notice, width, wraps, page, crlf),
            paragraphs,
        )| {
            Turn {
                language,
                client,
                attribution,
                name,
                place: match place {
                    0 => Place::Below,
                    1 => Place::Between,
                    _ => Place::Above,
                },
                greeting,
                signature,
                footer,
                notice,
                width,
                wraps,
                page,
                crlf,
                paragraphs,
            }
        },
    )
}

/// Every message of the conversation, the first one first.
pub fn messages(turns: &[Turn]) -> Vec<Message> {
    let mut count = 0;
    let mut all: Vec<Message> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .and_then(|before| Some((all.get(before)?, turns.get(before)?)));
        let message = turn.written(before, &mut count);
        all.push(message);
    }
    all
}

/// A word that no language has, of one length, so that none is a part of another.
fn mark(count: &mut usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "ke", "lo", "mi", "nu", "pa", "re", "so", "ti", "vu"];
    *count += 1;
    let mut number = *count;
    let mut word = String::from("zyx");
    for _ in 0..4 {
        word.push_str(SYLLABLES[number % 10]);
        number /= 10;
    }
    word
}

impl Turn {
    fn written(&self, before: Option<(&Message, &Turn)>, count: &mut usize) -> Message {
        let language = &LANGUAGES[self.language % LANGUAGES.len()];
        let mut marks = Vec::new();
        let mut new: Vec<String> = Vec::new();
        for paragraph in &self.paragraphs {
            let mut words = String::new();
            for sentence in paragraph {
                let mark = mark(count);
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(&self.sentence(sentence, &mark));
                marks.push(mark);
            }
            new.push(if self.wraps {
                wrapped(&words, self.width - 15)
            } else {
                words
            });
        }
        if self.greeting {
            new.insert(0, language.greeting.to_owned());
        }
        let mut under: Vec<String> = Vec::new();
        if self.signature > 0 {
            let word = mark(count);
            under.push(self.signature(&word));
            marks.push(word);
        }
        if self.footer {
            under.push(language.footer.to_owned());
        }
        let notice = NOTICES.get(self.notice).map(|notice| (*notice).to_owned());
        let mut message = Message {
            text: String::new(),
            html: String::new(),
            new,
            marks,
            marked: true,
        };
        self.put(&mut message, &under, notice.as_deref(), before);
        if self.crlf {
            message.text = message.text.replace('\n', "\r\n");
        }
        message
    }

    fn sentence(&self, sentence: &Sentence, mark: &str) -> String {
        let language = &LANGUAGES[self.language % LANGUAGES.len()];
        let pick = |at: &usize| language.words[at % language.words.len()];
        let mut words: Vec<&str> = sentence.words.iter().map(pick).collect();
        let place = 1 + sentence.words.first().copied().unwrap_or(0) % words.len();
        words.insert(place, mark);
        let joined = words.join(language.blank);
        let mut letters = joined.chars();
        let first: String = letters
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        let line = format!("{first}{}", letters.as_str());
        match sentence.shape {
            0 => format!("{line}?"),
            1 => format!("{line}!"),
            2 => format!("{line}, 10:30{}", language.stop),
            3 => format!("{line} https://a.example/{mark}"),
            4 => format!("{line} (eve@x.example){}", language.stop),
            5 => format!("{line}: 1.250,00{}", language.stop),
            _ => format!("{line}{}", language.stop),
        }
    }

    fn signature(&self, word: &str) -> String {
        let (name, address) = NAMES[self.name % NAMES.len()];
        let closing = LANGUAGES[self.language % LANGUAGES.len()].closing;
        match self.signature {
            1 => format!("-- \n{name}\n{word} GmbH\n{address}"),
            2 => format!("{closing}\n{name}\n{word} Ltd"),
            _ => format!("{closing}\n\n{name}\n{word} Inc, Some Town\n+49 30 1234567"),
        }
    }

    /// The line above the quotation, as a client of the reader writes it about `old`.
    fn attribution(&self, old: &Turn) -> String {
        let (_, line) = ATTRIBUTIONS[self.attribution % ATTRIBUTIONS.len()];
        old.named(line)
    }

    fn headers(&self, old: &Turn) -> String {
        let block = HEADERS[self.attribution % HEADERS.len()].join("\n");
        old.named(&block)
    }

    fn named(&self, text: &str) -> String {
        let (name, address) = NAMES[self.name % NAMES.len()];
        text.replace("Ann Lee", name)
            .replace("ann@a.example", address)
    }

    fn put(
        &self,
        message: &mut Message,
        under: &[String],
        notice: Option<&str>,
        before: Option<(&Message, &Turn)>,
    ) {
        let mut own = message.new.clone();
        own.extend(under.iter().cloned());
        let Some((old, author)) = before else {
            own.extend(notice.map(str::to_owned));
            message.text = format!("{}\n", own.join("\n\n"));
            message.html = html_of(&own, self.page);
            return;
        };
        let old_text = old.text.replace("\r\n", "\n");
        if self.place != Place::Above {
            self.put_below(message, &own, &old_text, author);
            message.html = self.html_below(&own, old, author);
            return;
        }
        let (name, address) = NAMES[author.name % NAMES.len()];
        let (tail, marked) = tail(
            self.client,
            &Old {
                text: &old_text,
                name,
                address,
                attribution: &self.attribution(author),
                headers: &self.headers(author),
            },
            self.width,
        );
        message.marked = marked;
        message.text = format!("{}\n\n{tail}", own.join("\n\n"));
        let wrapper = WRAPPERS[self.client % WRAPPERS.len()];
        let at = escaped(&self.attribution(author));
        let tail = wrapper.replace("{at}", &at).replace("{old}", &old.html);
        message.html = format!("{}{tail}", html_of(&own, self.page));
        if let Some(notice) = notice.filter(|_| marked) {
            // Gateways put it under everything.
            message.text.push_str(&format!("\n{notice}\n"));
            message
                .html
                .push_str(&format!("<p>{}</p>", escaped(notice)));
        }
    }

    fn put_below(&self, message: &mut Message, own: &[String], old: &str, author: &Turn) {
        let at = self.attribution(author);
        if self.place == Place::Below {
            message.text = format!("{at}\n{}\n{}\n", quoted(old), own.join("\n\n"));
            return;
        }
        let mut text = format!("{at}\n");
        let mut answers = own.iter();
        // Some leave no empty line between a question and its answer.
        let (above, below) = if self.width.is_multiple_of(2) {
            ("", "")
        } else {
            ("\n", "\n")
        };
        for paragraph in old.trim().split("\n\n") {
            text.push_str(&quoted(paragraph));
            if let Some(answer) = answers.next() {
                text.push_str(&format!("{above}{answer}\n{below}"));
            }
        }
        for answer in answers {
            text.push_str(&format!("\n{answer}\n"));
        }
        message.text = text;
    }

    fn html_below(&self, own: &[String], old: &Message, author: &Turn) -> String {
        let at = escaped(&self.attribution(author));
        if self.place == Place::Below {
            return format!(
                "<div class=\"moz-cite-prefix\">{at}<br></div><blockquote type=\"cite\">{}</blockquote>{}",
                old.html,
                html_of(own, self.page)
            );
        }
        let mut out = format!("<p>{at}</p>");
        for (at, answer) in own.iter().enumerate() {
            let piece = old.new.get(at).map_or("…", String::as_str);
            let piece = html_of(&[piece.to_owned()], 0);
            let answer = html_of(std::slice::from_ref(answer), self.page);
            out.push_str(&format!(
                "<blockquote type=\"cite\">{piece}</blockquote>{answer}"
            ));
        }
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Paragraphs as HTML of one of four kinds.
fn html_of(paragraphs: &[String], page: usize) -> String {
    let broken = |text: &String| escaped(text).replace('\n', "<br>");
    let each = |wrap: fn(&str) -> String| {
        let paragraphs = paragraphs.iter().map(|text| wrap(&broken(text)));
        paragraphs.collect::<String>()
    };
    match page {
        0 => each(|text| format!("<p>{text}</p>")),
        1 => each(|text| format!("<div>{text}</div><div><br></div>")),
        2 => {
            let all: Vec<String> = paragraphs.iter().map(broken).collect();
            format!("<div dir=ltr>{}</div>", all.join("<br><br>"))
        }
        _ => each(|text| {
            let lines = text.replace("<br>", "</p><p class=MsoNormal>");
            format!("<p class=MsoNormal>{lines}<o:p></o:p></p>")
        }),
    }
}

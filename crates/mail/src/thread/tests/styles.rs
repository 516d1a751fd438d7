//! Conversations as the world's clients write them, with their truth known.

use super::*;

/// What a client tells of the message it answers.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// Gmail, Apple Mail, Thunderbird, K-9: In-Reply-To and all of References.
    Full,
    /// References cut to the last two: clients with a limit on lines.
    Cut,
    /// The last of References belongs to the client itself: Yahoo.
    OwnReference,
    OnlyReplied,
    OnlyReferences,
    /// `Your message of "Mon, 2 Mar" <id>`: Pine, MH, Exmh.
    Prose,
    /// Commas, no blanks, no brackets.
    Commas,
    RunTogether,
    Bare,
    /// Exchange behind a connector that drops the headers.
    OnlyIndex,
    /// Only the subject: old telephones, ticket systems.
    OnlySubject,
}

const STYLES: [Style; 11] = [
    Style::Full,
    Style::Cut,
    Style::OwnReference,
    Style::OnlyReplied,
    Style::OnlyReferences,
    Style::Prose,
    Style::Commas,
    Style::RunTogether,
    Style::Bare,
    Style::OnlyIndex,
    Style::OnlySubject,
];

const PREFIXES: [&str; 16] = [
    "Re: ",
    "RE: ",
    "RE : ",
    "AW: ",
    "Antw: ",
    "SV: ",
    "VS: ",
    "RV: ",
    "RES: ",
    "R: ",
    "Odp: ",
    "YNT: ",
    "ΑΠ: ",
    "回复：",
    "[EXTERNAL] Re[2]: ",
    "Re: [list] ",
];

/// A message with the fields it will be asked for, all its own.
struct Written {
    conversation: usize,
    date: Option<Timestamp>,
    id: String,
    replied: Vec<String>,
    references: Vec<String>,
    subject: String,
    people: [String; 2],
    index: Option<String>,
}

impl Written {
    fn message(&self) -> Message<'_> {
        Message {
            date: self.date,
            message_id: Some(&self.id),
            in_reply_to: self.replied.iter().map(String::as_str).collect(),
            references: self.references.iter().map(String::as_str).collect(),
            subject: &self.subject,
            people: self.people.iter().map(String::as_str).collect(),
            thread_index: self.index.as_deref(),
            thread_topic: None,
            ..Message::default()
        }
    }
}

/// One answer: which earlier message it answers, how, and under which prefix.
type Answer = (prop::sample::Index, usize, usize);

fn conversation(number: usize, answers: &[Answer]) -> Vec<Written> {
    let mut octets = [7_u8; 22];
    octets[9] = u8::try_from(number).unwrap();
    let index = data_encoding::BASE64.encode(&octets);
    let mut chains: Vec<Vec<String>> = Vec::new();
    let mut written: Vec<Written> = Vec::new();
    for (at, answer) in std::iter::once(None)
        .chain(answers.iter().map(Some))
        .enumerate()
    {
        let id = format!("<{number}.{at}@Mail.example>");
        let mut message = Written {
            conversation: number,
            date: day(i64::try_from(at + number).unwrap()),
            id: id.clone(),
            replied: Vec::new(),
            references: Vec::new(),
            subject: format!("Order {number}"),
            people: [US.to_owned(), format!("customer{number}@c.example")],
            index: None,
        };
        let mut chain = Vec::new();
        if let Some((parent, style, prefix)) = answer {
            chain.clone_from(&chains[parent.index(chains.len())]);
            message.subject = format!("{}{}", PREFIXES[*prefix], message.subject);
            tell(&mut message, STYLES[*style], &chain, &index);
        } else {
            message.index = Some(index.clone());
        }
        chain.push(id);
        chains.push(chain);
        written.push(message);
    }
    written
}

/// Fills in what a client of this style tells about the ancestors.
fn tell(message: &mut Written, style: Style, chain: &[String], index: &str) {
    let parent = chain.last().unwrap().clone();
    let bare = |id: &String| id.trim_matches(['<', '>']).to_owned();
    match style {
        Style::Full => {
            message.replied = vec![parent];
            message.references = chain.to_vec();
        }
        Style::Cut => message.references = chain[chain.len().saturating_sub(2)..].to_vec(),
        Style::OwnReference => {
            message.references = vec![
                chain.join(" "),
                format!("<{}.ref@mail.yahoo.com>", bare(&message.id)),
            ];
        }
        Style::OnlyReplied => message.replied = vec![parent],
        Style::OnlyReferences => message.references = vec![chain.join("\r\n ")],
        Style::Prose => {
            message.replied = vec![format!(
                "Your message of \"Mon, 2 Mar\" <{}> {parent}",
                message.people[1]
            )];
        }
        Style::Commas => message.references = vec![chain.join(",")],
        Style::RunTogether => message.references = vec![chain.concat()],
        Style::Bare => message.replied = vec![bare(&parent)],
        Style::OnlyIndex => {
            let octets = data_encoding::BASE64.decode(index.as_bytes()).unwrap();
            message.index = Some(data_encoding::BASE64.encode(&[octets, vec![1; 5]].concat()));
        }
        Style::OnlySubject => {}
    }
}

proptest! {
    #[test]
    fn conversations_of_all_clients_come_back_whole(
        conversations in prop::collection::vec(
            prop::collection::vec((any::<prop::sample::Index>(), 0..STYLES.len(), 0..PREFIXES.len()), 0..8),
            1..5,
        ),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut all: Vec<Written> = conversations
            .iter()
            .enumerate()
            .flat_map(|(number, answers)| conversation(number, answers))
            .collect();
        let middle = seed.index(all.len());
        all.rotate_left(middle);
        let messages: Vec<Message<'_>> = all.iter().map(Written::message).collect();
        let groups = groups(&messages, &Options::default());
        prop_assert_eq!(groups.len(), conversations.len());
        for group in groups {
            let first = all[group[0]].conversation;
            prop_assert!(group.iter().all(|&at| all[at].conversation == first));
        }
    }
}

mod styles;

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400_000_000;

fn day(day: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(1_772_000_000_000_000 + day * DAY))
}

fn mail<'a>(on: i64, id: &'a str, subject: &'a str, people: &[&'a str]) -> Message<'a> {
    Message {
        date: day(on),
        message_id: Some(id),
        subject,
        people: people.to_vec(),
        ..Message::default()
    }
}

const US: &str = "agent@inbox.example";
const BOB: &str = "bob@b.example";

/// The groups in both orders of arrival.
fn grouped(messages: &[Message<'_>]) -> Vec<Vec<usize>> {
    let groups = groups(messages, &Options::default());
    let reversed: Vec<_> = messages.iter().rev().cloned().collect();
    let mut again = super::groups(&reversed, &Options::default());
    for group in &mut again {
        for at in group.iter_mut() {
            *at = messages.len() - 1 - *at;
        }
        group.sort_unstable();
    }
    let mut sorted = groups.clone();
    for group in &mut sorted {
        group.sort_unstable();
    }
    sorted.sort();
    again.sort();
    assert_eq!(sorted, again);
    sorted
}

fn naming<'a>(mut message: Message<'a>, replied: &'a str, references: &[&'a str]) -> Message<'a> {
    message.in_reply_to = vec![replied];
    message.references = references.to_vec();
    message
}

#[test]
fn ids_are_found_whatever_stands_around_them() {
    let root = mail(0, "<Root.1@X.Example>", "Chairs", &[]);
    for (replied, references) in [
        ("<Root.1@x.example>", ""),
        ("Root.1@x.example", ""),
        ("Your message of \"Mon, 2 Mar\" <Root.1@x.example>", ""),
        ("<Root.1@x.example> (Bob's message of Mon)", ""),
        ("<unknown@y> <Root.1@x.example>", ""),
        ("<unknown@y>,<Root.1@x.example>", ""),
        ("", "<a@y><Root.1@x.example>"),
        ("", "<a@y>,<Root.1@x.example>,<b@y>"),
        ("", "<Root.1@\r\n x.example>"),
        ("", "<<Root.1@x.example>>"),
        ("", "\"<Root.1@x.example>\""),
        ("", "<\"Root.1\"@x.example>"),
        ("", "&lt;Root.1@x.example&gt;"),
        ("", "a@y Root.1@x.example"),
        (
            "not an id",
            "<Root.1@x.example> <1381.22.ref@mail.yahoo.com>",
        ),
    ] {
        let answer = naming(mail(1, "<2@y>", "Other", &[]), replied, &[references]);
        let found = grouped(&[root.clone(), answer]);
        assert_eq!(found, [[0, 1]], "{replied:?} {references:?}");
    }
    for replied in ["<root.1@x.example>", "<Root.1@x>", "Root.1"] {
        let answer = naming(mail(1, "<2@y>", "Other", &[]), replied, &[]);
        assert_eq!(grouped(&[root.clone(), answer]).len(), 2, "{replied}");
    }
}

#[test]
fn who_names_the_same_missing_message_belongs_together() {
    let first = naming(mail(0, "<1@x>", "Re: A", &[]), "", &["<root@x>", "<p@x>"]);
    let second = naming(mail(1, "<2@x>", "Re: A", &[]), "", &["<root@x>", "<q@x>"]);
    let third = naming(mail(2, "<3@x>", "Re: A", &[]), "<q@x>", &[]);
    let apart = naming(mail(3, "<4@x>", "Re: A", &[]), "<r@x>", &["none"]);
    let also = naming(mail(3, "<5@x>", "Re: A", &[]), "", &["none"]);
    let found = grouped(&[first, second, third, apart, also]);
    assert_eq!(found, [vec![0, 1, 2], vec![3], vec![4]]);
}

#[test]
fn the_nearest_ancestor_decides_and_joins_nothing_else() {
    let one = mail(0, "<1@x>", "One", &[]);
    let two = mail(1, "<2@x>", "Two", &[]);
    let both = naming(
        mail(2, "<3@x>", "Re: Two", &[]),
        "<1@x>",
        &["<1@x>", "<2@x>"],
    );
    assert_eq!(grouped(&[one, two, both]), [vec![0], vec![1, 2]]);
}

#[test]
fn loops_copies_and_messages_that_name_themselves_end() {
    let one = naming(mail(0, "<1@x>", "A", &[]), "<2@x>", &["<2@x>", "<1@x>"]);
    let two = naming(mail(1, "<2@x>", "B", &[]), "<1@x>", &[]);
    let copy = mail(1, "<2@x>", "B again", &[]);
    let alone = naming(mail(2, "<3@x>", "C", &[]), "<3@x>", &["<3@x>"]);
    assert_eq!(grouped(&[one, two, copy, alone]), [vec![0, 1, 2], vec![3]]);
    let unnamed = Message::default();
    assert_eq!(grouped(&[unnamed.clone(), unnamed]).len(), 2);
}

#[test]
fn relays_and_reports_lead_back_to_what_was_sent() {
    let mut sent = mail(0, "<local@inbox.example>", "Chairs", &[US, BOB]);
    sent.aliases = vec!["<0100-aa@email.amazonses.com>", "0100-bb"];
    for replied in [
        "<0100-aa@email.amazonses.com>",
        "<0100-bb@eu-west-1.amazonses.com>",
    ] {
        let answer = naming(mail(1, "<2@y>", "Other", &[]), replied, &[]);
        assert_eq!(grouped(&[sent.clone(), answer]).len(), 1, "{replied}");
    }
    let back = mail(1, "<0100-aa@email.amazonses.com>", "Chairs", &[US, BOB]);
    assert_eq!(grouped(&[sent.clone(), back]).len(), 1);
    let mut report = mail(1, "<d@mx>", "Undelivered Mail", &["mailer-daemon@mx", US]);
    report.returned_id = Some("<local@inbox.example>");
    assert_eq!(grouped(&[sent.clone(), report]).len(), 1);
    sent.calendar_uid = Some("uid-1");
    let mut accepted = mail(1, "<c@y>", "Accepted", &[BOB, US]);
    accepted.calendar_uid = Some("uid-1");
    assert_eq!(grouped(&[sent, accepted]).len(), 1);
}

#[test]
fn exchange_conversations_need_a_topic_or_people_in_common() {
    const INDEX: &str = "AdqxwtPkDg8QERITFBUWFxgZGhscHQ==";
    const ANSWER: &str = "AdqxwtPkDg8QERITFBUWFxgZGhscHRACAwQA";
    const OTHER: &str = "AdqxwtPkP0BBQkNERUZHSElKS0xNTg==";
    let with = |mut message: Message<'static>, index, topic| {
        message.thread_index = Some(index);
        message.thread_topic = topic;
        message
    };
    let root = with(
        mail(0, "<1@x>", "Budget", &[BOB, US]),
        INDEX,
        Some("Budget"),
    );
    for (message, groups) in [
        (
            with(
                mail(1, "<2@x>", "RE: Budget v2", &[BOB, US]),
                ANSWER,
                Some("Budget"),
            ),
            1,
        ),
        (
            with(
                mail(1, "<2@x>", "RE: budget", &["carl@c.example"]),
                ANSWER,
                None,
            ),
            1,
        ),
        (
            with(mail(1, "<2@x>", "Lunch", &[US, BOB]), ANSWER, Some("Lunch")),
            1,
        ),
        (
            with(
                mail(1, "<2@x>", "Lunch", &["eve@e.example", US]),
                ANSWER,
                Some("Lunch"),
            ),
            2,
        ),
        (
            with(
                mail(1, "<2@x>", "Budget", &[BOB, US]),
                OTHER,
                Some("Budget"),
            ),
            2,
        ),
        (
            with(
                mail(1, "<2@x>", "Budget", &[BOB, US]),
                "AAAA",
                Some("Budget"),
            ),
            2,
        ),
        (
            with(
                mail(1, "<2@x>", "Budget", &[BOB, US]),
                "ÄÄÄ",
                Some("Budget"),
            ),
            2,
        ),
    ] {
        assert_eq!(
            grouped(&[root.clone(), message.clone()]).len(),
            groups,
            "{message:?}"
        );
    }
}

#[test]
fn a_subject_joins_only_an_answer_among_the_same_people_within_a_month() {
    let root = mail(0, "<1@x>", "[team] Chairs 17", &[US, BOB]);
    for (subject, people, on, groups) in [
        ("Re: Chairs 17", [BOB, US], 1, 1),
        ("RE : [team] chairs 17", [BOB, US], 1, 1),
        ("[EXTERNAL] AW: Chairs 17", [BOB, US], 1, 1),
        ("EXTERNAL: Re: Chairs 17", [BOB, US], 1, 1),
        ("Re[2]: SV: Chairs 17", [BOB, US], 29, 1),
        ("VS: Chairs 17", [BOB, US], 1, 1),
        ("Automatische Antwort: Chairs 17", [BOB, US], 1, 1),
        ("Réponse automatique : Re: Chairs 17", [BOB, US], 1, 1),
        ("Accepted: Chairs 17", [BOB, US], 1, 1),
        ("Re: Chairs 17", [BOB, US], 31, 2),
        ("Chairs 17", [BOB, US], 1, 2),
        ("Fwd: Chairs 17", [BOB, US], 1, 2),
        ("Re: Chairs 18", [BOB, US], 1, 2),
        ("Re: Chairs 17", ["eve@e.example", US], 1, 2),
        ("Re: Chairs 17", [US, "eve@e.example"], 1, 2),
        ("Re:", [BOB, US], 1, 2),
    ] {
        let answer = mail(on, "<2@x>", subject, &people);
        let found = grouped(&[root.clone(), answer]);
        assert_eq!(found.len(), groups, "{subject} {people:?} {on}");
    }
    for subject in ["", "Hello", "(no subject)", "Hi!"] {
        let answer = format!("Re: {subject}");
        let root = mail(0, "<1@x>", subject, &[US, BOB]);
        let answer = mail(1, "<2@x>", &answer, &[BOB, US]);
        assert_eq!(grouped(&[root, answer]).len(), 2, "{subject}");
    }
    let reports: Vec<_> = ["<1@x>", "<2@x>", "<3@x>"]
        .iter()
        .zip(0..)
        .map(|(id, on)| mail(on, id, "Daily report", &[BOB, US]))
        .chain([mail(3, "<4@x>", "Re: Daily report", &[US, BOB])])
        .collect();
    assert_eq!(grouped(&reports), [vec![0], vec![1], vec![2, 3]]);
}

#[test]
fn options_turn_subjects_off_and_teach_prefixes() {
    let pair = [
        mail(0, "<1@x>", "Plan B", &[US, BOB]),
        mail(1, "<2@x>", "Ynno: Plan B", &[BOB, US]),
        mail(2, "<3@x>", "Re: Plan B", &[BOB, US]),
    ];
    let taught = Options {
        reply_prefixes: vec!["ynno"],
        ..Options::default()
    };
    assert_eq!(groups(&pair, &taught), [[0, 1, 2]]);
    let off = Options {
        by_subject: false,
        ..Options::default()
    };
    assert_eq!(groups(&pair, &off).len(), 3);
}

#[test]
fn chains_of_many_messages_take_no_recursion_and_little_time() {
    let ids: Vec<String> = (0..20_000).map(|n| format!("<{n}@x>")).collect();
    let all: Vec<Message<'_>> = ids
        .windows(2)
        .map(|pair| {
            naming(
                mail(0, &pair[1], "Re: A long one", &[US, BOB]),
                &pair[0],
                &[],
            )
        })
        .collect();
    assert_eq!(groups(&all, &Options::default()).len(), 1);
    let apart: Vec<Message<'_>> = ids
        .iter()
        .map(|id| mail(0, id, "Re: A long one", &[id, US]))
        .collect();
    assert_eq!(groups(&apart, &Options::default()).len(), apart.len());
}

/// Messages of a small world, in which ids, subjects and people meet by chance.
fn world() -> impl Strategy<Value = Vec<Message<'static>>> {
    const IDS: [&str; 7] = ["<1@x>", "<2@x>", "<3@x>", "<4@x>", "<5@x>", "6@x", ""];
    const SUBJECTS: [&str; 6] = [
        "Plan",
        "Re: Plan",
        "AW: Re: Plan",
        "Fwd: Plan",
        "Re: Other",
        "Re:",
    ];
    const PEOPLE: [&str; 4] = [US, BOB, "carl@c.example", "dora@d.example"];
    const INDEXES: [&str; 2] = [
        "AdqxwtPkDg8QERITFBUWFxgZGhscHQ==",
        "AdqxwtPkP0BBQkNERUZHSElKS0xNTg==",
    ];
    let id = || prop::sample::select(IDS.to_vec());
    let message = (
        prop::option::weighted(0.9, -2_i64..45),
        prop::option::of(id()),
        prop::collection::vec(id(), 0..3),
        prop::collection::vec(id(), 0..4),
        prop::sample::select(SUBJECTS.to_vec()),
        prop::collection::vec(prop::sample::select(PEOPLE.to_vec()), 0..4),
        prop::option::weighted(0.2, prop::sample::select(INDEXES.to_vec())),
        prop::option::weighted(0.1, id()),
    );
    let message = message.prop_map(
        |(on, id, replied, references, subject, people, index, alias)| Message {
            date: on.and_then(day),
            message_id: id,
            aliases: alias.into_iter().collect(),
            in_reply_to: replied,
            references,
            subject,
            people,
            thread_index: index,
            ..Message::default()
        },
    );
    prop::collection::vec(message, 0..14)
}

fn shuffled() -> impl Strategy<Value = (Vec<Message<'static>>, Vec<usize>)> {
    world().prop_flat_map(|messages| {
        let order: Vec<usize> = (0..messages.len()).collect();
        (Just(messages), Just(order).prop_shuffle())
    })
}

proptest! {
    /// Whatever the order of arrival, the conversations hold the same messages.
    #[test]
    fn the_order_of_arrival_does_not_matter((messages, order) in shuffled()) {
        let contents = |messages: &[Message<'static>]| -> Vec<Vec<Message<'static>>> {
            let mut groups: Vec<Vec<_>> = groups(messages, &Options::default())
                .into_iter()
                .map(|group| group.into_iter().map(|at| messages[at].clone()).collect())
                .collect();
            groups.sort();
            groups
        };
        let other: Vec<_> = order.iter().map(|&at| messages[at].clone()).collect();
        prop_assert_eq!(contents(&messages), contents(&other));
    }

    /// Every message is in one conversation, and by date in it.
    #[test]
    fn the_groups_are_a_partition((messages, _) in shuffled()) {
        let groups = groups(&messages, &Options::default());
        for group in &groups {
            prop_assert!(group.windows(2).all(|pair| messages[pair[0]].date <= messages[pair[1]].date));
        }
        let mut all: Vec<usize> = groups.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..messages.len()).collect::<Vec<_>>());
    }

    #[test]
    fn foreign_fields_are_read(id in "\\PC{0,30}", field in "\\PC{0,60}", subject in "\\PC{0,40}") {
        let mut one = mail(0, &id, &subject, &[&field]);
        one.references = vec![&field];
        one.thread_index = Some(&field);
        one.thread_topic = Some(&subject);
        let two = naming(mail(0, &field, &subject, &[&id]), &id, &[&field]);
        let _ = groups(&[one, two], &Options::default());
    }
}

mod styles;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use styles::{STYLES, UNTAUGHT};

const VALUES: [&str; 5] = [
    "Ann Lee <ann@a.example>",
    "Wed, 27 Oct 2021 09:31:00 +0000",
    "Plan: the third",
    "Bob Roe <bob@b.example>, Carl <carl@c.example>",
    "Dora <dora@d.example>",
];

/// The header block in one of the ways in which it arrives.
fn header(labels: &[&str; 5], order: &[usize], line: impl Fn(&str, &str) -> String) -> String {
    let mut out = String::new();
    for &at in order {
        writeln!(out, "{}", line(labels[at], VALUES[at])).unwrap();
    }
    out
}

fn check(name: &str, found: Option<Forward>, message: &str) {
    let found = found.unwrap_or_else(|| panic!("{name}: not found"));
    assert_eq!(found.message, message, "{name}");
    assert_eq!(found.subject.as_deref(), Some("Plan: the third"), "{name}");
    let from = found.from.unwrap();
    assert_eq!(from.address, "ann@a.example", "{name}");
    assert_eq!(from.name.as_deref(), Some("Ann Lee"), "{name}");
    let to: Vec<_> = found.to.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(to, ["bob@b.example", "carl@c.example"], "{name}");
    assert_eq!(found.cc.len(), 1, "{name}");
    assert_eq!(found.date.as_deref(), Some(VALUES[1]), "{name}");
    assert_eq!(found.body, "First words\nof it.\n\nAnd the last.", "{name}");
}

const BODY: &str = "First words\nof it.\n\nAnd the last.\n";

#[test]
fn every_client_in_every_language_in_every_layout() {
    type Layout = (&'static str, fn(&str, &str) -> String);
    let layouts: &[Layout] = &[
        ("plain", |label, value| format!("{label}: {value}")),
        ("tabs", |label, value| format!("{label}: \t{value}")),
        ("bold", |label, value| format!("*{label}:* {value}")),
        ("markdown", |label, value| format!("**{label}:** {value}")),
        ("no-break blank", |label, value| {
            format!("{label}\u{a0}: {value}")
        }),
        ("spaced", |label, value| format!("{label} : {value}")),
        ("indented", |label, value| format!("    {label}: {value}")),
        ("full width", |label, value| format!("{label}：{value}")),
        ("upper case", |label, value| {
            format!("{}: {value}", label.to_uppercase())
        }),
    ];
    for style in STYLES {
        for (layout, line) in layouts {
            for order in [[0, 1, 2, 3, 4], [2, 1, 0, 3, 4], [0, 3, 4, 1, 2]] {
                let name = format!("{}, {layout}, {order:?}", style.name);
                let header = header(&style.labels, &order, line);
                let plain = format!("{}\n{header}\n{BODY}", style.separator);
                check(&name, forward(&plain, None), "");
                check(&name, forward(&plain, Some("Fwd: Plan: the third")), "");
                let noted = format!("See below.\n\nAnn\n\n{plain}");
                if !["qq", "open-xchange", "open-xchange de", UNTAUGHT].contains(&style.name) {
                    check(
                        &name,
                        forward(&noted, Some("Something else")),
                        "See below.\n\nAnn",
                    );
                }
                let quoted: String = plain.lines().map(|line| format!("> {line}\n")).collect();
                check(&name, forward(&quoted, None), "");
                check(
                    &name,
                    forward(&format!("Hi\n\n{quoted}"), Some("Fwd: x")),
                    "Hi",
                );
            }
        }
    }
}

#[test]
fn a_bare_header_block_is_a_forward_by_the_subject_only() {
    for style in STYLES {
        let header = header(&style.labels, &[0, 1, 3, 4, 2], |label, value| {
            format!("{label}: {value}")
        });
        let outlook =
            format!("Look at this.\n\n________________________________\n{header}\n{BODY}");
        for prefix in [
            "FW:",
            "WG:",
            "TR:",
            "RV:",
            "I:",
            "PD:",
            "ENC:",
            "VB:",
            "VL:",
            "İLT:",
            "Redir.:",
            "转发：",
            "[EXT] Fw:",
        ] {
            let subject = format!("{prefix} Plan: the third");
            check(
                style.name,
                forward(&outlook, Some(&subject)),
                "Look at this.",
            );
        }
        for subject in [
            "Re: Plan",
            "AW: Plan",
            "SV: Plan",
            "RE: FW: Plan",
            "Antw.: x",
            "Plan",
        ] {
            let found = forward(&outlook, Some(subject));
            assert_eq!(found, None, "{} {subject}", style.name);
        }
        // New Outlook: no rule, and the body right under the subject.
        let glued = format!("{header}{BODY}");
        check(style.name, forward(&glued, Some("FW: Plan")), "");
        // Run together, as Yahoo does.
        let [from, date, subject, to, cc] = style.labels;
        let [a, b, c, d, e] = VALUES;
        let yahoo = format!(
            "   ----- Forwarded Message ----- {from}: {a}{to}: {d}{cc}: {e}{date}: {b}{subject}: {c}\n{BODY}"
        );
        check(style.name, forward(&yahoo, None), "");
    }
}

#[test]
fn outlook_2019_writes_an_attribution_and_indents() {
    for attribution in [
        "On 28/10/2021, 12:46, \"Ann Lee\" <ann@a.example> wrote:",
        "Am 28.10.21, 12:46 schrieb \"Ann Lee\" <ann@a.example>:",
        "Le 28/10/2021 12:46, « Ann Lee » <ann@a.example> a écrit :",
        "El 28/10/2021 12:46, \"Ann Lee\" <ann@a.example> escribió:",
        "Il giorno 28/10/21, 12:46 \"Ann Lee\" <ann@a.example> ha scritto:",
        "Op 28-10-2021 12:46 heeft Ann Lee <ann@a.example> geschreven:",
        "Em 28/10/2021 12:46, \"Ann Lee\" <ann@a.example> escreveu:",
        "Dnia 28.10.2021 12:46 „Ann Lee” <ann@a.example> napisał:",
        "Dne 28.10.2021 12:46, \"Ann Lee\" <ann@a.example> napsal(a):",
        "28. 10. 2021 12:46 používateľ Ann Lee (<ann@a.example>) napísal:",
        "Ann Lee <ann@a.example> időpontban 2021. 10. 28. 12:46 ezt írta:",
        "\"Ann Lee\" <ann@a.example> kirjoitti 28.10.2021 12.46:",
        "Den 2021-10-28 12:46 skrev \"Ann Lee\" <ann@a.example> följande:",
        "\"Ann Lee\" <ann@a.example>, 28.10.2021 12:46 tarihinde şunu yazdı:",
        "在 2021/10/28 12:46，“Ann Lee”<ann@a.example> 写入:",
    ] {
        let text = format!("\u{feff}Hello\n\n{attribution}\n\n    First words\n      of it.\n");
        let found = forward(&text, Some("FW: Plan")).unwrap_or_else(|| panic!("{attribution}"));
        assert_eq!(found.message, "Hello", "{attribution}");
        assert_eq!(found.subject.as_deref(), Some("Plan"), "{attribution}");
        let from = found.from.unwrap();
        assert_eq!(from.address, "ann@a.example", "{attribution}");
        assert_eq!(from.name.as_deref(), Some("Ann Lee"), "{attribution}");
        assert_eq!(found.body, "First words\n  of it.", "{attribution}");
        for subject in [None, Some("Re: Plan"), Some("Plan")] {
            assert_eq!(forward(&text, subject), None, "{attribution} {subject:?}");
        }
    }
}

#[test]
fn history_that_holds_a_forward_is_no_forward() {
    let forwarded = "---------- Forwarded message ---------\nFrom: Ann <ann@a.example>\nDate: Monday\nSubject: Plan\nTo: Bob <bob@b.example>\n\nText\n";
    let quoted: String = forwarded
        .lines()
        .map(|line| format!("> {line}\n"))
        .collect();
    for (text, subject) in [
        (
            format!("Thanks!\n\nOn 3 May 2021 at 10:00, Bob <bob@b.example> wrote:\n{quoted}"),
            None,
        ),
        (
            format!("Thanks!\n\nOn 3 May 2021 at 10:00, Bob wrote:\n\n{quoted}"),
            Some("Re: Fwd: Plan"),
        ),
        (format!("Thanks!\n\n{quoted}"), Some("Re: Fwd: Plan")),
        (
            format!(
                "Thanks!\n\nOn 3 May 2021 at 10:00, Bob <bob@b.example> wrote:\n> Look\n>\n{quoted}"
            ),
            None,
        ),
        (
            format!(
                "Thanks!\n\nFrom: Bob <bob@b.example>\nSent: Monday\nTo: Ann\nSubject: Fwd: Plan\n\n{forwarded}"
            ),
            Some("Re: Fwd: Plan"),
        ),
        (
            "I forwarded message: see above.\nForwarded message:\nnothing here\n".to_owned(),
            None,
        ),
        (
            "Please write\nFrom: here\nand then go\n".to_owned(),
            Some("Fwd: x"),
        ),
        ("Just words.".to_owned(), None),
        (
            format!("Ok\n\n-----Original Message-----\n\nFYI\n\n{forwarded}"),
            None,
        ),
        (
            "Log:\n------ 302 Redirect ------\nGET / HTTP\n".to_owned(),
            None,
        ),
        (String::new(), Some("Fwd: Plan")),
    ] {
        assert_eq!(forward(&text, subject), None, "{text}");
    }
    // Somebody pastes a forward into an answer: the words say what it is.
    let found = forward(
        &format!("As promised:\n\n{forwarded}"),
        Some("Re: Question"),
    );
    assert_eq!(
        found.map(|found| found.message).as_deref(),
        Some("As promised:")
    );
}

#[test]
fn values_may_be_wrapped_and_bodies_are_not_swallowed() {
    let text = "---------- Forwarded message ----------\nFrom: Someone with a name <someone@a.example\n<mailto:someone@a.example>>\nSubject: a long subject that the client had to fold here\nbecause of its length\nTo: A <a@a.example>,\n B <b@b.example>,\n C <c@c.example>\n\nTo: be or not\n";
    let found = forward(text, None).unwrap();
    assert_eq!(found.from.unwrap().address, "someone@a.example");
    assert_eq!(
        found.subject.as_deref(),
        Some("a long subject that the client had to fold here because of its length")
    );
    assert_eq!(found.to.len(), 3);
    assert_eq!(found.body, "To: be or not");

    let text = "Von: Ann <ann@a.example>\nDatum: Montag\nAn: Bob\nBetreff: Plan\nDatum: Freitag um drei\n\nGruß";
    let found = forward(text, Some("WG: Plan")).unwrap();
    assert_eq!(found.date.as_deref(), Some("Montag"));
    assert_eq!(found.body, "Datum: Freitag um drei\n\nGruß");
}

#[test]
fn what_stands_below_a_quoted_or_closed_forward_is_kept_apart() {
    let quoted = "> Begin forwarded message:\n> \n> From: Ann <ann@a.example>\n> Subject: Plan\n> \n> Text\n>> older\n\nMy thoughts.";
    let found = forward(quoted, None).unwrap();
    assert_eq!(found.body, "Text\n> older");
    assert_eq!(found.below, "My thoughts.");
    let closed = "-------- Пересылаемое сообщение --------\n02.11.2015, 10:17, \"Ann Lee\" <ann@a.example>:\n\nText\n-------- Конец пересылаемого сообщения --------\nMine";
    let found = forward(closed, None).unwrap();
    assert_eq!(found.from.unwrap().name.as_deref(), Some("Ann Lee"));
    assert_eq!(found.body, "Text");
    assert_eq!(found.below, "Mine");
}

#[test]
fn lotus_names_the_sender_without_a_label() {
    let text = "Ann, see this\n---------------------- Forwarded by Bob Roe/ACME on 10/27/2021\n09:31 AM ---------------------------\n\n\nann@a.example\n10/26/2021 05:12 PM\n\nTo:      bob@b.example\ncc:\nSubject: Plan\n\nText";
    let found = forward(text, Some("Plan")).unwrap();
    assert_eq!(found.message, "Ann, see this");
    assert_eq!(found.from.unwrap().address, "ann@a.example");
    assert_eq!(found.date.as_deref(), Some("10/26/2021 05:12 PM"));
    assert_eq!(found.subject.as_deref(), Some("Plan"));
    assert_eq!(found.body, "Text");
}

/// Pieces of which hostile and half-right forwards are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "From: ",
        "To: a@b,",
        "Subject: x",
        "Date: 3 May 2021 10:00",
        "----------",
        " Forwarded message ",
        "> ",
        ">",
        "\n",
        "\n\n",
        "On 3 May 2021 10:00, A <a@b.c> wrote:",
        "________________________________",
        "Begin forwarded message:",
        "words",
        "：",
        "\u{a0}",
        "\u{feff}",
        "İleti başlangıcı:",
        "发件人：",
        "<",
        "\"",
        "@",
        "(",
        "*",
        "  ",
        "\r\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn anything_can_be_read(text in "\\PC{0,200}", subject in prop::option::of("\\PC{0,40}")) {
        let _ = forward(&text, subject.as_deref());
    }

    /// The parts come from the text in its order: nothing of what stands above or below the
    /// forwarded message is lost, nothing is invented.
    #[test]
    fn no_word_is_invented(
        text in pieces(),
        subject in prop::option::of(prop::sample::select(vec!["Fwd: x", "Re: x", "x"])),
    ) {
        let squeezed = |text: &str| -> String {
            let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '>');
            kept.filter(|c| !line::is_invisible(*c)).collect()
        };
        if let Some(found) = forward(&text, subject) {
            let all = squeezed(&text);
            let (above, below) = (squeezed(&found.message), squeezed(&found.below));
            prop_assert!(all.starts_with(&above), "above");
            prop_assert!(all.ends_with(&below), "below");
            prop_assert!(all.contains(&squeezed(&found.body)), "body");
            prop_assert!(above.len() + below.len() <= all.len());
        }
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let units = [
        "From:\n",
        "To: a\n",
        "Subject: x\n\n",
        "----------\n",
        "---- a ---- From: B To: C Date: \n",
        "> ",
        ">\n\n",
        "On 1 <a@b> wrote:\n",
        "---- forwarded ----\n\n\n\n",
        "From: a@b\nb\nb\nb\n",
        "A:",
        "a@",
        "<",
        "\n",
        " ",
        "- ",
        "Forwarded message:\n",
        "From: x\nTo: y\n\n",
    ];
    for unit in units {
        for subject in [None, Some("Fwd: x")] {
            let text = unit.repeat(200_000 / unit.len());
            let _ = std::hint::black_box(forward(&text, subject));
        }
    }
}

//! Secrets here are drawn by a fixed rule when the tests run, so that no scanner complains about
//! the file.

use proptest::prelude::*;

use super::*;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Characters that look drawn at random, the same in every run.
fn drawn(alphabet: &[u8], length: usize) -> String {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % alphabet.len() as u64).unwrap();
            char::from(alphabet[at])
        })
        .collect()
}

fn token() -> String {
    format!("ghp_{}", drawn(LETTERS, 36))
}

fn kinds(mail: &Outgoing<'_>) -> Vec<&'static str> {
    screen(mail).iter().map(|finding| finding.kind).collect()
}

fn in_text(text: &str) -> Vec<&'static str> {
    kinds(&Outgoing {
        text,
        ..Outgoing::default()
    })
}

#[test]
fn a_token_is_found_in_every_part_of_a_mail() {
    let token = token();
    let html = format!("<p>ok</p><div style='display:none'>{token}</div>");
    let markup = format!("<p>ok<!-- {token} --></p>");
    let attribute = format!("<img src='https://x.example/p.gif?d={token}'>");
    let to = format!("bob+{token}@x.example");
    let recipients = [to.as_str()];
    let name = format!("{token}.txt");
    let named = [Attached {
        name: &name,
        text: "",
    }];
    let attached = [Attached {
        name: "a.env",
        text: &token,
    }];
    let empty = Outgoing::default;
    let mail = |subject, text, html| Outgoing {
        subject,
        text,
        html,
        ..empty()
    };
    for (mail, place) in [
        (mail(&token, "", None), Place::Subject),
        (mail("", &token, None), Place::Text),
        (mail("", "", Some(html.as_str())), Place::Html),
        (mail("", "", Some(markup.as_str())), Place::Markup),
        (mail("", "", Some(attribute.as_str())), Place::Markup),
        (
            Outgoing {
                recipients: &recipients,
                ..empty()
            },
            Place::Recipients,
        ),
        (
            Outgoing {
                attachments: &named,
                ..empty()
            },
            Place::FileName(0),
        ),
        (
            Outgoing {
                attachments: &attached,
                ..empty()
            },
            Place::Attachment(0),
        ),
    ] {
        let found = screen(&mail);
        assert!(
            found
                .iter()
                .any(|f| f.kind == "github_pat" && f.place == place),
            "{place:?}"
        );
        assert!(found.iter().all(|f| !f.masked.contains(&token)));
    }
}

#[test]
fn encodings_and_pieces_do_not_hide_a_token() {
    let token = token();
    let base64 = data_encoding::BASE64.encode(token.as_bytes());
    let hex = data_encoding::HEXLOWER.encode(token.as_bytes());
    let each = |with: &dyn Fn(u8) -> String| token.bytes().map(with).collect::<String>();
    let joined = |sign: &str| {
        token
            .chars()
            .map(String::from)
            .collect::<Vec<_>>()
            .join(sign)
    };
    let cut = |length: usize, sign: &str| {
        let pieces: Vec<&str> = token
            .as_bytes()
            .chunks(length)
            .map(|c| std::str::from_utf8(c).unwrap())
            .collect();
        pieces.join(sign)
    };
    for (name, text) in [
        ("base64", base64.clone()),
        (
            "base64 twice",
            data_encoding::BASE64.encode(base64.as_bytes()),
        ),
        (
            "base64 in groups",
            base64
                .as_bytes()
                .chunks(4)
                .map(|c| format!("{} ", String::from_utf8_lossy(c)))
                .collect(),
        ),
        ("base32", data_encoding::BASE32.encode(token.as_bytes())),
        ("hexadecimal", hex.clone()),
        (
            "hexadecimal in base64",
            data_encoding::BASE64.encode(hex.as_bytes()),
        ),
        ("pairs", each(&|b| format!("{b:02x} "))),
        ("percent", each(&|b| format!("%{b:02X}"))),
        ("quoted-printable", each(&|b| format!("={b:02X}"))),
        ("entities", each(&|b| format!("&#{b};"))),
        ("decimal", each(&|b| format!("{b} "))),
        ("binary", each(&|b| format!("{b:08b} "))),
        ("escapes", each(&|b| format!("\\u{b:04x}"))),
        ("reversed", token.chars().rev().collect()),
        ("zero width", joined("\u{200B}")),
        ("soft hyphens", joined("\u{AD}")),
        ("blanks", joined(" ")),
        ("dots", joined(".")),
        ("dashes", cut(5, "-")),
        ("lines", cut(12, "\n")),
        ("quoted lines", cut(12, "\n> ")),
        ("strings", cut(9, "\" + \"")),
        ("words", token.replace('_', " underscore ")),
        ("brackets", token.replace('_', "[underscore]")),
        (
            "halves",
            format!("First: {} and second: {}", &token[..20], &token[20..]),
        ),
    ] {
        let text = format!("as discussed: {text}\n\nBob");
        assert!(in_text(&text).contains(&"github_pat"), "{name}: {text}");
    }
}

#[test]
fn kinds_without_a_prefix_are_known_by_layout_and_words() {
    let body = drawn(LETTERS, 40);
    let pem = format!(
        "-----BEGIN RSA {} KEY-----\n{}\n",
        "PRIVATE",
        drawn(LETTERS, 200)
    );
    for (text, kind) in [
        (pem, "private_key_rsa"),
        (format!("postgres://app:{}@db.example/main", &body[..14]), "postgres_url"),
        (format!("Authorization: Bearer {body}"), "bearer_header"),
        (format!("client_secret={body}"), "labelled_secret"),
        ("The password is kT9#wq2Zp".to_owned(), "password_prose"),
        ("Passwort: kT9#wq2Zp".to_owned(), "password_prose"),
        ("The card on file is 4539 5787 6362 1486, valid until 09/28".to_owned(), "credit_card"),
        ("Our customer pays from GB33BUKB20201555555555".to_owned(), "iban"),
        ("Employee Anna, SSN 219-64-0910".to_owned(), "us_ssn"),
        ("National Insurance number: AB 12 34 56 C".to_owned(), "uk_nino"),
        ("Passport no. L87949031".to_owned(), "passport"),
        ("Classification: Restricted\n\nTargets follow.".to_owned(), "confidentiality_marker"),
        ("system: You are MailBot. Rules: never mention it".to_owned(), "system_prompt"),
        ("seed phrase: legal winner thank year wave sausage worth useful legal winner thank yellow".to_owned(), "seed_phrase"),
    ] {
        assert!(in_text(&text).contains(&kind), "{kind}: {:?}", in_text(&text));
    }
    let rows: String = (0..20)
        .map(|n| format!("Anna Lee;a{n}@x.example;+49 30 10000{n:02}\n"))
        .collect();
    assert_eq!(in_text(&rows), ["contact_list"]);
}

#[test]
fn a_long_conversation_of_two_is_no_list_of_contacts() {
    let mut text = "Fine.".to_owned();
    for n in 0..40 {
        let author = ["bot@inbox.example", "ann@x.example"][n % 2];
        let quoted = text.replace('\n', "\n> ");
        text = format!("{n}\n\nOn Mon, 23 Nov 2026 at 06:{n:02}, {author} wrote:\n> {quoted}");
    }
    assert_eq!(in_text(&text), [""; 0]);
}

#[test]
fn look_alikes_are_left_alone() {
    let hex = drawn(b"0123456789abcdef", 64);
    for text in [
        format!("commit {} fixes it", &hex[..40]),
        format!("docker image sha256:{hex}"),
        format!("Your order 4{} was shipped", "539578763621486"),
        format!("https://app.example/reset?token={}", drawn(LETTERS, 40)),
        format!(
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{} bob@laptop",
            drawn(LETTERS, 300)
        ),
        format!(
            "Use the publishable key pk_live_{} in the browser",
            drawn(LETTERS, 24)
        ),
        concat!("AKIA", "IOSFODNN7EXAMPLE").to_owned(),
        "export API_KEY=sk_live_xxxxxxxxxxxxxxxxxxxxxxxx".to_owned(),
        "postgres://user:password@localhost/db".to_owned(),
        "Passwords must have 12 characters. Never send a password by mail.".to_owned(),
        "password: ********\nsecret: changeme-in-production".to_owned(),
        "In the sandbox use card 4242 4242 4242 4242.".to_owned(),
        "Quote request 469ab3b4-b54e-5941-d642-46f9fded6724.".to_owned(),
        "Is DE00 6806 4279 9528 1305 28 a valid format?".to_owned(),
        "The part 975-00-8315 is back in stock.".to_owned(),
        "For verification: ***-**-3470".to_owned(),
        "This e-mail may contain confidential information.".to_owned(),
        "Bilal, meet Emeka (emeka@x.example, +44 20 7946 0519).".to_owned(),
        "пароль сообщу по телефону".to_owned(),
    ] {
        assert!(in_text(&text).is_empty(), "{text}: {:?}", in_text(&text));
    }
}

#[test]
fn values_of_the_sender_may_leave() {
    let text = "The customer pays to GB33 BUKB 2020 1555 5555 55";
    let own = ["GB33 BUKB 2020 1555 5555 55"];
    assert!(
        kinds(&Outgoing {
            text,
            own: &own,
            ..Outgoing::default()
        })
        .is_empty()
    );
    assert_eq!(in_text(text), ["iban"]);
}

#[test]
fn a_mask_shows_at_most_four_characters_and_a_third() {
    for (value, want) in [
        ("abc", "a… (3)"),
        ("abcdefgh", "ab… (8)"),
        ("ghp_0123456789abcdef", "ghp_… (20)"),
    ] {
        assert_eq!(masked(value), want);
    }
}

#[test]
fn hostile_mail_gives_a_bounded_answer() {
    for unit in [
        "eyJ",
        "://",
        "a:b@",
        "ghp_",
        "%41",
        "&#65;",
        "=41",
        "\\u0041",
        "password: ",
        "private key begin ",
        "4 1 1 1 ",
        "DE12 ",
        "123-45-6789 ",
        "Z2hw",
        "67 ",
        "a@b.c;",
        "bearer ",
        "<a b=c>",
        "\u{200B}",
        "а1 ",
        "<~",
        "AKIA",
        "sk_live_a1B2",
        "otpauth://x?secret=",
        "seed phrase ",
        "g h p _ ",
        "$2a$",
        "passport ",
    ] {
        let text = unit.repeat(6_000 / unit.len());
        assert!(
            screen(&Outgoing {
                text: &text,
                html: Some(&text),
                ..Outgoing::default()
            })
            .len()
                <= MAX_FINDINGS
        );
    }
}

proptest! {
    #[test]
    fn foreign_text_never_panics(text in ".{0,400}", html in "(<[a-z]+ |[a-z\"'=>&;#%\\\\]|\\PC){0,120}") {
        let _ = screen(&Outgoing { subject: &text, text: &html, html: Some(&html), recipients: &[&text],
            attachments: &[Attached { name: &text, text: &html }], own: &[&text] });
    }

    #[test]
    fn a_token_is_found_whatever_prose_stands_around(before in "[a-zäöü ,.\n]{0,200}", after in "[ .,\n][a-zß ,.\n]{0,200}") {
        let text = format!("{before} {}{after}", token());
        prop_assert!(in_text(&text).contains(&"github_pat"));
    }

    #[test]
    fn digits_and_signs_never_panic(text in "[0-9A-Za-z%&#=\\\\x:/@.;,_ -]{0,300}") {
        let _ = screen(&Outgoing { text: &text, ..Outgoing::default() });
    }
}

//! What holds for the grammars of authentication whatever strangers write.

use mail::authentication::canonical::{self, Form};
use mail::authentication::dkim::{ByName, Key, Signature};
use mail::authentication::fields::split;
use mail::authentication::{Tags, arc, dmarc, results, spf, spf_macro};
use proptest::prelude::*;

fn body(raw: &[u8], form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    canonical::body(raw, form, |piece| out.extend_from_slice(piece));
    out
}

fn header(raw: &[u8], form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    for field in &split(raw).fields {
        canonical::header(field, form, &mut out);
    }
    out
}

/// Text made of what the grammars give a meaning.
fn meaningful() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,3}=",
        "[;: ./@%\"()\\\\=-]",
        "%\\{[a-z][0-9]?r?[-.]?\\}",
        "v=spf1 ",
        "v=DMARC1;",
        "v=DKIM1;",
        "p=AAAA",
        "include:",
        "ip4:192.0.2.1/",
        "redirect=",
        "i=[0-9]{1,3};",
        "\r\n ",
        "[a-z]{1,5}",
        "\\PC",
    ];
    proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in meaningful()) {
        let _ = Tags::parse(&text);
        let _ = Key::parse(&text);
        let _ = Signature::parse(&text);
        let _ = dmarc::Record::parse(&text);
        let _ = arc::Seal::parse(&text);
        let _ = results::claims(&text, "mx.example");
        let _ = results::passed(&text, "dmarc", "header.from");
        let _ = spf::Record::parse(&format!("v=spf1 {text}"));
        let _ = spf_macro::MacroString::parse_explanation(&text);
        let split = split(text.as_bytes());
        let whole: usize = split.fields.iter().map(|field| field.raw.len()).sum();
        prop_assert!(whole + split.body.len() <= text.len());
        let _ = arc::chain(&split.fields);
        let _ = ByName::of(&split.fields);
    }

    #[test]
    fn a_form_is_its_own_form(lines in proptest::collection::vec("[ \ta-z]{0,8}", 0..12)) {
        let raw = lines.join("\r\n").into_bytes();
        for form in [Form::Simple, Form::Relaxed] {
            let once = body(&raw, form);
            prop_assert_eq!(body(&once, form), once.clone());
            prop_assert!(once.is_empty() || once.ends_with(b"\r\n"));
            prop_assert!(once == b"\r\n" || !once.ends_with(b"\r\n\r\n"));
        }
    }

    #[test]
    fn the_relaxed_form_does_not_see_white_space(
        name in "[A-Za-z-]{1,8}", words in proptest::collection::vec("[!-9;-~]{1,6}", 1..6),
        gaps in proptest::collection::vec("[ \t]{1,3}|\r\n[ \t]{1,2}", 6),
    ) {
        let mut folded = format!("{name} :");
        for (word, gap) in words.iter().zip(&gaps) {
            folded += gap;
            folded += word;
        }
        folded += " \t\r\n";
        let plain = format!("{}: {}\r\n", name.to_uppercase(), words.join(" "));
        prop_assert_eq!(header(folded.as_bytes(), Form::Relaxed), header(plain.as_bytes(), Form::Relaxed));
        prop_assert_eq!(header(folded.as_bytes(), Form::Simple), folded.into_bytes());
    }

    #[test]
    fn our_own_field_is_always_known_as_ours(text in "\\PC{0,40}", name in "[a-z]{1,8}\\.[a-z]{2,5}") {
        let entry = results::Entry {
            method: "spf", result: "none", comment: Some(text.clone()),
            properties: vec![("smtp.mailfrom", text)],
        };
        let value = results::value(&name, &[entry]);
        prop_assert!(results::claims(&value, &name));
        // Nothing a stranger chose begins another result or another field.
        prop_assert_eq!(value.matches(';').count(), 1);
        prop_assert_eq!(value.matches("\r\n").count(), 1);
        prop_assert!(value.is_ascii());
    }
}

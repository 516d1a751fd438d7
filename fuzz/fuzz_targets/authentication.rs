//! What strangers write about who they are: the records of SPF, DKIM and DMARC, signatures, chains of
//! ARC and Authentication-Results. Nothing panics, and what is read is within its bounds.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use mail::authentication::canonical::{self, Form};
use mail::authentication::dkim::{ByName, Key, Signature};
use mail::authentication::{arc, dmarc, fields, results, spf, spf_macro};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let _ = Key::parse(&text);
    let _ = dmarc::Record::parse(&text);
    let _ = results::claims(&text, "mx.example");
    let _ = results::passed(&text, "dmarc", "header.from");
    let values = spf_macro::Values {
        local: &text,
        sender_domain: "a.example",
        domain: "b.example",
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        client: "c.example",
        helo: &text,
        receiver: "d.example",
        seconds: 0,
    };
    let record = format!("v=spf1 {text}");
    assert!(spf::is_record(&record));
    if let Ok(read) = spf::Record::parse(&record)
        && let Some(redirect) = read.redirect
    {
        assert!(redirect.expand(&values).len() <= 8 << 10);
    }
    if let Ok(words) = spf_macro::MacroString::parse_explanation(&text) {
        assert!(words.expand(&values).len() <= 8 << 10);
    }
    let split = fields::split(input);
    let header: usize = split.fields.iter().map(|field| field.raw.len()).sum();
    assert!(header + split.body.len() <= input.len());
    let by_name = ByName::of(&split.fields);
    for field in &split.fields {
        if let Ok(signature) = Signature::parse(&field.text()) {
            let octets = by_name.signed_octets(&signature, field);
            assert!(octets.len() <= 2 * input.len() + 4);
        }
    }
    if let Ok(sets) = arc::chain(&split.fields) {
        assert!(sets.len() <= arc::MAX_SETS);
        let _ = arc::sealed_octets(&sets);
    }
    for form in [Form::Simple, Form::Relaxed] {
        let mut octets = 0;
        canonical::body(split.body, form, |piece| octets += piece.len());
        // Bare line feeds become CRLF, and a last line gets one.
        assert!(octets <= 2 * split.body.len() + 2);
    }
});

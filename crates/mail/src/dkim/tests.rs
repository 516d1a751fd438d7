use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    self, ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use data_encoding::BASE64;
use proptest::prelude::*;

use super::canonical::{Field, fields, relaxed_body, relaxed_field};
use super::*;

fn body(text: &str) -> String {
    let mut out = Vec::new();
    relaxed_body(text.as_bytes(), |piece| out.extend_from_slice(piece));
    String::from_utf8(out).unwrap()
}

fn header(text: &str) -> String {
    let mut out = Vec::new();
    for field in fields(text.as_bytes()).0 {
        relaxed_field(&field, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    String::from_utf8(out).unwrap()
}

fn body_hash(raw: &[u8]) -> [u8; 32] {
    let mut out = Vec::new();
    Signable::of(raw).body(|piece| out.extend_from_slice(piece));
    digest(&SHA256, &out).as_ref().try_into().unwrap()
}

#[test]
fn the_example_of_the_rfc_comes_out_as_printed() {
    // RFC 6376 §3.4.5.
    let message = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
    assert_eq!(header(message), "a:X\r\nb:Y Z\r\n");
    assert_eq!(body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
}

#[test]
fn empty_lines_at_the_end_do_not_count_however_they_look() {
    for text in ["", "\r\n", "\r\n\r\n", " \t\r\n", " "] {
        assert_eq!(body(text), "", "{text:?}");
    }
    assert_eq!(body("hello\r\n \r\n"), "hello\r\n");
    assert_eq!(body("hello"), "hello\r\n");
    assert_eq!(body("a\r\n \r\n\r\nb"), "a\r\n\r\n\r\nb\r\n");
    // The hash of nothing, as RFC 6376 §3.4.4 prints it.
    assert_eq!(
        BASE64.encode(&body_hash(b"From: a@b.dev\r\n\r\n\r\n")),
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
}

/// The value of a tag of a signature field, without white space.
fn tag(field: &str, name: &str) -> String {
    let compact: String = field.chars().filter(|c| !c.is_whitespace()).collect();
    let list = compact.split_once(':').unwrap().1;
    let mut tags = list.split(';').filter_map(|tag| tag.split_once('='));
    tags.find(|(own, _)| *own == name).unwrap().1.to_owned()
}

/// The octets that a verifier hashes for a signature, worked out from the field alone, and its
/// value; `None` when the body has another hash.
fn to_verify(raw: &[u8], signature: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (all, _) = fields(raw);
    if BASE64.encode(&body_hash(raw)) != tag(signature, "bh") {
        return None;
    }
    let mut left: Vec<Field<'_>> = all;
    let mut input = Vec::new();
    for name in tag(signature, "h").split(':') {
        if let Some(at) = left.iter().rposition(|field| field.is(name)) {
            relaxed_field(&left.remove(at), &mut input);
            input.extend_from_slice(b"\r\n");
        }
    }
    let cut = signature.rfind("b=").unwrap() + 2;
    let bare = fields(&signature.as_bytes()[..cut]).0;
    relaxed_field(&bare[0], &mut input);
    Some((
        input,
        BASE64.decode(tag(signature, "b").as_bytes()).unwrap(),
    ))
}

fn rsa_verifies(key: &[u8], raw: &[u8], field: &str) -> bool {
    let known = &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
    let key = UnparsedPublicKey::new(known, key);
    to_verify(raw, field).is_some_and(|(input, value)| key.verify(&input, &value).is_ok())
}

fn ed25519_verifies(key: &[u8], raw: &[u8], field: &str) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, key);
    to_verify(raw, field)
        .is_some_and(|(input, value)| key.verify(digest(&SHA256, &input).as_ref(), &value).is_ok())
}

/// RFC 8463 Appendix A: one message, its two keys and its two signatures.
const RFC_MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const RFC_ED25519: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
    subject : date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
    b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n \
    Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n";
const RFC_ED25519_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RFC_RSA: &str = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n \
    date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
    b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n \
    DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n \
    dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n";
const RFC_RSA_KEY: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6w\
    y5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9Pzo\
    xZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

#[test]
fn the_signatures_of_the_rfc_verify_over_these_canonical_forms() {
    let raw = RFC_MESSAGE.as_bytes();
    let key = BASE64.decode(RFC_ED25519_KEY.as_bytes()).unwrap();
    assert!(ed25519_verifies(&key, raw, RFC_ED25519));
    let key = BASE64.decode(RFC_RSA_KEY.as_bytes()).unwrap();
    assert!(rsa_verifies(&key, raw, RFC_RSA));
    let other = RFC_MESSAGE.replace("dinner", "lunch");
    assert!(!rsa_verifies(&key, other.as_bytes(), RFC_RSA));
}

struct Keys {
    rsa: KeyPair,
    ed25519: Ed25519KeyPair,
}

impl Keys {
    fn new() -> Self {
        Self {
            rsa: KeyPair::generate(KeySize::Rsa2048).unwrap(),
            ed25519: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn sign(&self, raw: &[u8], algorithm: Algorithm) -> String {
        let signable = Signable::of(raw);
        let unsigned = signable.sign(&Claim {
            domain: "acme.dev",
            selector: "mr-20261122-rsa",
            algorithm,
            at: Timestamp::from_micros(1_700_000_000_000_000),
            body_hash: &body_hash(raw),
        });
        let value = match algorithm {
            Algorithm::Rsa => {
                let mut value = vec![0; self.rsa.public_modulus_len()];
                let random = SystemRandom::new();
                let input = unsigned.input();
                let signed = self.rsa.sign(&RSA_PKCS1_SHA256, &random, input, &mut value);
                signed.map(|()| value).unwrap()
            }
            Algorithm::Ed25519 => {
                let hash = digest(&SHA256, unsigned.input());
                self.ed25519.sign(hash.as_ref()).as_ref().to_vec()
            }
        };
        unsigned.finish(&value)
    }

    fn verify(&self, raw: &[u8], field: &str) -> bool {
        if tag(field, "a") == "rsa-sha256" {
            let known = &signature::RSA_PKCS1_2048_8192_SHA256;
            let key = UnparsedPublicKey::new(known, self.rsa.public_key().as_ref());
            to_verify(raw, field).is_some_and(|(input, value)| key.verify(&input, &value).is_ok())
        } else {
            ed25519_verifies(self.ed25519.public_key().as_ref(), raw, field)
        }
    }
}

const MESSAGE: &str = "From: Bot <bot@acme.dev>\r\nTo: ann@outside.dev\r\nSubject: Hi\r\n\
    List-Unsubscribe: <https://acme.dev/u>\r\n\r\nHello\r\n";

#[test]
fn a_signature_survives_folding_and_blanks_but_no_other_change() {
    let keys = Keys::new();
    for algorithm in Algorithm::ALL {
        let field = keys.sign(MESSAGE.as_bytes(), algorithm);
        assert!(field.lines().all(|line| line.len() <= 78), "{field}");
        assert_eq!(tag(&field, "t"), "1700000000");
        let holds = |raw: String| keys.verify(raw.as_bytes(), &field);
        assert!(holds(MESSAGE.to_owned()));
        assert!(holds(MESSAGE.replace("Subject: Hi", "SUBJECT:\r\n\t Hi ")));
        assert!(holds(MESSAGE.replace("Hello\r\n", "Hello \t\r\n\r\n \r\n")));
        assert!(holds(format!(
            "Received: from x\r\nX-Added: 1\r\n{MESSAGE}"
        )));
        assert!(!holds(MESSAGE.replace("Hello", "Hello.")));
        assert!(!holds(MESSAGE.replace("/u>", "/v>")));
        // What is not there must not appear either.
        for added in [
            "From: evil@x.dev",
            "Cc: b@x.dev",
            "Subject: No",
            "Reply-To: c@x.dev",
        ] {
            assert!(!holds(format!("{added}\r\n{MESSAGE}")), "{added}");
            assert!(!holds(
                MESSAGE.replace("\r\n\r\n", &format!("\r\n{added}\r\n\r\n"))
            ));
        }
    }
}

proptest! {
    #[test]
    fn canonical_bodies_stay_as_they_are(text in "[ab \t\r\n]{0,60}") {
        let once = body(&text);
        prop_assert_eq!(&body(&once), &once);
        prop_assert!(once.is_empty() || once.ends_with("\r\n") && !once.ends_with("\r\n\r\n"));
        prop_assert!(!once.contains("  ") && !once.contains('\t') && !once.contains(" \r\n"));
    }

    #[test]
    fn a_relaxed_body_is_what_the_rules_say_one_after_another(lines in prop::collection::vec("[ab \t]{0,8}", 0..8)) {
        // The rules of RFC 6376 §3.4.4, carried out literally.
        let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let mut reduced: Vec<String> = lines
            .iter()
            .map(|line| {
                let mut out = String::new();
                for c in line.trim_end_matches([' ', '\t']).replace('\t', " ").chars() {
                    if c != ' ' || !out.ends_with(' ') {
                        out.push(c);
                    }
                }
                out
            })
            .collect();
        while reduced.last().is_some_and(String::is_empty) {
            reduced.pop();
        }
        let wanted: String = reduced.iter().map(|line| format!("{line}\r\n")).collect();
        prop_assert_eq!(body(&text), wanted);
    }

    #[test]
    fn any_bytes_can_be_taken_apart(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let signable = Signable::of(&raw);
        signable.body(|_| ());
        let hash = body_hash(&raw);
        let claim = Claim {
            domain: "acme.dev",
            selector: "s",
            algorithm: Algorithm::Rsa,
            at: Timestamp::from_micros(0),
            body_hash: &hash,
        };
        let field = signable.sign(&claim).finish(&[0; 256]);
        let input = signable.sign(&claim);
        let again = to_verify(&raw, &field).unwrap().0;
        prop_assert_eq!(input.input(), &again[..]);
    }
}

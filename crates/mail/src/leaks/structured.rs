//! Secrets known by their layout: key blocks, web tokens, connection strings, headers, hooks.

use super::decode::Turn;
use super::layout_words::{
    BLOCKS, FIELDS, HASHES, HEADERS, HOOKS, MAILCHIMP, OPENAI, SCHEME_END, TELEGRAM, WEB_TOKEN,
};
use super::literals::List;
use super::random::{Shape, contains, is_stand_in};
use super::spans::long;
use super::{Class, Findings, View, around};

/// Finds them.
pub(super) fn find(view: &View<'_>, turn: Turn, findings: &mut Findings) {
    key_blocks(view, findings);
    web_tokens(view, findings);
    addresses(view, turn, findings);
    hooks(view, findings);
    headers(view, findings);
    fields(view, findings);
    marked(view, findings);
}

fn add(view: &View<'_>, findings: &mut Findings, kind: &'static str, value: &[u8]) {
    findings.add(
        kind,
        Class::Secret,
        view.place,
        &String::from_utf8_lossy(value),
    );
}

/// Octets of a stretch that are read: what overlaps is read again only so often.
const LONGEST: usize = 400;

/// The stretch of `text` from `from` whose octets are `wanted`, at most [`LONGEST`].
fn run(text: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> &[u8] {
    stretch(
        text.get(from..text.len().min(from.saturating_add(LONGEST))),
        wanted,
    )
}

fn stretch(text: Option<&[u8]>, wanted: impl Fn(u8) -> bool) -> &[u8] {
    let rest = text.unwrap_or_default();
    let length = rest.iter().position(|b| !wanted(*b)).unwrap_or(rest.len());
    rest.get(..length).unwrap_or_default()
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Octets of what names a private key.
const KEY_NAME: usize = BLOCKS[0].len();

/// Private keys in PEM and OpenPGP armour. The word BEGIN may be far away or broken, so the name
/// decides, and random characters behind it.
fn key_blocks(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    for at in view.hits.at(List::Blocks, 0) {
        let before = around(view.lower, at, at, 40);
        if !contains(before.as_bytes(), b"begin") {
            continue;
        }
        let from = at + KEY_NAME;
        let after = text.get(from..text.len().min(from + LONGEST));
        let after = after.unwrap_or_default();
        let drawn: Vec<u8> = after
            .iter()
            .copied()
            .filter(|b| is_base64(*b))
            .take(160)
            .collect();
        let kind = if contains(before.as_bytes(), b"pgp") {
            "pgp_private"
        } else if contains(before.as_bytes(), b"openssh") {
            "private_key_openssh"
        } else if contains(before.as_bytes(), b"rsa") {
            "private_key_rsa"
        } else if contains(before.as_bytes(), b" ec ") {
            "private_key_ec"
        } else {
            "private_key_pkcs8"
        };
        let body = drawn.get(16..).unwrap_or_default();
        if body.len() >= 24 && Shape::of(body).is_random() && !contains(body, b"xxxxxx") {
            add(view, findings, kind, &[b"----", body].concat());
        }
    }
}

/// JSON web tokens: two parts that begin with `{"`, and a signature.
fn web_tokens(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let mut done = 0;
    for at in view.hits.written(List::Marks, WEB_TOKEN, text, "eyJ") {
        if at < done {
            continue;
        }
        let whole = stretch(text.get(at..), |b| is_url_safe(b) || b == b'.');
        done = at + whole.len();
        let mut parts = whole.split(|b| *b == b'.');
        let (Some(head), Some(claims), Some(seal)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        // {"sub":"1234567890","name":"John Doe" is the token of every manual.
        let printed = contains(claims, b"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI");
        if head.len() >= 12 && claims.starts_with(b"eyJ") && seal.len() >= 20 && !printed {
            add(view, findings, "jwt", whole);
        } else if head.len() >= 30 && claims.is_empty() && seal.len() >= 12 {
            add(view, findings, "jwe", whole);
        }
    }
}

/// Addresses with a password: `scheme://user:password@host`, and secrets of one-time codes.
fn addresses(view: &View<'_>, turn: Turn, findings: &mut Findings) {
    let text = view.text.as_bytes();
    let goes_on = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>');
    let mut end = 0;
    for at in view.hits.at(List::Marks, SCHEME_END) {
        let start = around(view.lower, at, at, 24);
        let scheme = start
            .get(..start.rfind("://").unwrap_or(start.len()).min(24))
            .unwrap_or(start);
        let scheme = scheme
            .rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '+'))
            .next();
        let scheme = scheme.unwrap_or_default();
        // One stretch may hold many schemes, and its end is looked for once.
        let from = at + 3;
        if end < from {
            end = from + stretch(text.get(from..), goes_on).len();
        }
        let rest = text.get(from..end.min(from + LONGEST)).unwrap_or_default();
        if scheme == "otpauth" || scheme.ends_with("otpauth") || scheme == "otpauth-migration" {
            let secret = memchr::memmem::find(rest, b"secret=").map(|s| s + 7);
            let secret = secret.map(|s| run(rest, s, |b| b.is_ascii_alphanumeric()));
            if secret.is_some_and(|s| s.len() >= 10) || scheme.ends_with("migration") {
                add(view, findings, "otpauth", rest);
            }
            continue;
        }
        let host_part = rest
            .split(|b| matches!(b, b'/' | b'?' | b'#'))
            .next()
            .unwrap_or_default();
        // A password may hold a slash: then the last @ of the whole address divides.
        let data_base = !matches!(scheme, "http" | "https" | "ftp" | "ws" | "wss" | "sip" | "");
        let searched = if data_base { rest } else { host_part };
        let Some(divide) = memchr::memrchr(b'@', searched) else {
            continue;
        };
        let user = searched.get(..divide).unwrap_or_default();
        let Some(colon) = memchr::memchr(b':', user) else {
            continue;
        };
        let password = user.get(colon + 1..).unwrap_or_default();
        // Any letters and a colon look like a scheme when they are shifted.
        let known = turn == Turn::Straight
            || !matches!(kind_of(scheme), "connection_string" | "basic_auth_url");
        if known && password.len() >= 4 && !stands_in(password) {
            add(
                view,
                findings,
                kind_of(scheme),
                &[scheme.as_bytes(), b"://", user].concat(),
            );
        }
    }
}

fn stands_in(password: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    is_stand_in(password)
        || [
            &b"password"[..],
            b"passwd",
            b"pass",
            b"pwd",
            b"secret",
            b"pw",
            b"port",
        ]
        .contains(&&lower[..])
        || lower.starts_with(b"your")
        || matches!(password.first(), Some(b'$' | b'%' | b'[' | b'{' | b'<'))
        || password.contains(&b'/') && password.contains(&b'.')
}

fn kind_of(scheme: &str) -> &'static str {
    match scheme {
        "postgres" | "postgresql" => "postgres_url",
        "mysql" | "mariadb" => "mysql_url",
        "mongodb" | "mongodb+srv" => "mongodb_url",
        "redis" | "rediss" => "redis_url",
        "amqp" | "amqps" => "amqp_url",
        "http" | "https" => "basic_auth_url",
        _ => "connection_string",
    }
}

/// Addresses that let anyone post.
fn hooks(view: &View<'_>, findings: &mut Findings) {
    const KINDS: [(&str, usize); 11] = [
        ("slack_webhook", 30),
        ("slack_webhook", 30),
        ("slack_webhook", 30),
        ("discord_webhook", 60),
        ("discord_webhook", 60),
        ("teams_webhook", 60),
        ("teams_webhook", 60),
        ("zapier_webhook", 10),
        ("make_webhook", 20),
        ("google_chat_webhook", 40),
        ("telegram_bot", 40),
    ];
    for (index, (prefix, (kind, least))) in HOOKS.iter().zip(KINDS).enumerate() {
        for at in view.hits.at(List::Hooks, index) {
            let value = run(view.text.as_bytes(), at + prefix.len(), |b| {
                is_url_safe(b) || matches!(b, b'/' | b':' | b'@' | b'?' | b'=' | b'&' | b'%')
            });
            if value.len() >= least && !is_stand_in(value) && Shape::of(value).turns_often() {
                add(view, findings, kind, &[prefix.as_bytes(), value].concat());
            }
        }
    }
}

/// `Authorization: Bearer …`, `Basic …` and cookies of sessions.
fn headers(view: &View<'_>, findings: &mut Findings) {
    for (index, (name, least)) in HEADERS.iter().zip([20, 12, 20]).enumerate() {
        for at in view.hits.at(List::Headers, index) {
            let value = run(view.text.as_bytes(), at + name.len(), |b| {
                is_base64(b) || matches!(b, b'_' | b'-' | b'.' | b'~')
            });
            let value = value.strip_suffix(b".").unwrap_or(value);
            let shape = Shape::of(value);
            let proven = *name != "basic " || decodes_to_pair(value);
            if value.len() >= least && proven && shape.is_random() && !is_stand_in(value) {
                let kind = if *name == "basic " {
                    "basic_header"
                } else {
                    "bearer_header"
                };
                add(view, findings, kind, value);
            }
        }
    }
}

fn decodes_to_pair(value: &[u8]) -> bool {
    data_encoding::BASE64
        .decode(value)
        .is_ok_and(|pair| pair.contains(&b':') && pair.iter().all(|b| (32..127).contains(b)))
}

/// `name=value` fields of connection strings.
fn fields(view: &View<'_>, findings: &mut Findings) {
    const KINDS: [(&str, usize); 7] = [
        ("azure_storage", 80),
        ("azure_shared_access", 40),
        ("azure_sas", 40),
        ("azure_sas", 40),
        ("signed_url", 60),
        ("signed_url", 100),
        ("connection_string", 6),
    ];
    for (index, (name, (kind, least))) in FIELDS.iter().zip(KINDS).enumerate() {
        for at in view.hits.at(List::Fields, index) {
            let value = run(view.text.as_bytes(), at + name.len(), |b| {
                b.is_ascii_graphic() && !matches!(b, b';' | b'&' | b'"' | b'\'' | b'<')
            });
            if *name == "password=" {
                let near = around(view.lower, at, at, 200);
                let host = ["server=", "host=", "data source=", "jdbc:", "user id="];
                if !host.iter().any(|h| near.contains(h)) || stands_in(value) {
                    continue;
                }
            }
            if value.len() >= least && !is_stand_in(value) {
                add(view, findings, kind, value);
            }
        }
    }
}

/// Tokens with a mark in the middle or at the end.
fn marked(view: &View<'_>, findings: &mut Findings) {
    let text = view.text.as_bytes();
    for at in view.hits.written(List::Marks, OPENAI, text, "T3BlbkFJ") {
        let value = run(text, at.saturating_sub(23), is_url_safe);
        if value.len() >= 36 {
            add(view, findings, "openai", value);
        }
    }
    for at in view.hits.written(List::Marks, MAILCHIMP, text, "-us") {
        let start = at.saturating_sub(32);
        let value = text.get(start..at).unwrap_or_default();
        let number = run(text, at + 3, |b| b.is_ascii_digit());
        let hex = value.len() == 32 && value.iter().all(u8::is_ascii_hexdigit);
        if hex && !number.is_empty() && number.len() < 3 && Shape::of(value).is_random() {
            add(view, findings, "mailchimp", value);
        }
    }
    for at in view.hits.written(List::Marks, TELEGRAM, text, ":AA") {
        let digits = text.get(at.saturating_sub(10)..at).unwrap_or_default();
        let digits = digits
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let value = run(text, at + 1, is_url_safe);
        if digits >= 8 && (34..=36).contains(&value.len()) && Shape::of(value).is_random() {
            add(view, findings, "telegram_bot", value);
        }
    }
    for at in memchr::memmem::find_iter(text, "Q~") {
        let value = run(text, at.saturating_sub(4), |b| {
            is_url_safe(b) || matches!(b, b'~' | b'.')
        });
        if (36..=44).contains(&value.len()) && Shape::of(value).is_random() {
            add(view, findings, "azure_client_secret", value);
        }
    }
    for (index, scheme) in HASHES.iter().enumerate() {
        for at in view.hits.written(List::Hashes, index, text, scheme) {
            let value = run(text, at, |b| {
                is_base64(b) || matches!(b, b'$' | b'.' | b',')
            });
            if value.len() >= 34 && Shape::of(value).is_random() && !is_stand_in(value) {
                add(view, findings, "password_hash", value);
            }
        }
    }
    dotted(view, findings);
}

/// Tokens of parts: bots of Discord (an id in base64, a time, a seal), Airtable (14 and 64
/// characters), Resend (8 and 24).
fn dotted(view: &View<'_>, findings: &mut Findings) {
    let begins = |word: &&[u8]| matches!(word.first(), Some(b'M' | b'N' | b'O' | b'p' | b'r'));
    let text = view.text.as_bytes();
    let goes_on = |byte: u8| is_url_safe(byte) || byte == b'.';
    let words = long(text, 35, goes_on).filter_map(|range| text.get(range));
    for word in words.filter(begins) {
        let word = std::str::from_utf8(word).unwrap_or_default();
        let word = word.trim_end_matches('.');
        let mut parts = word.split('.').map(str::len);
        let kind = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(23..=28), Some(6), Some(27..=45), None) if !word.starts_with(['p', 'r']) => {
                "discord_bot"
            }
            (Some(17), Some(64), None, None) if word.starts_with("pat") => "airtable",
            (Some(36), None, None, None)
                if word.starts_with("re_") && word.get(11..12) == Some("_") =>
            {
                "resend"
            }
            _ => continue,
        };
        if !is_stand_in(word.as_bytes()) && Shape::of(word.as_bytes()).turns_often() {
            add(view, findings, kind, word.as_bytes());
        }
    }
}

//! Values that words around them make a secret: passwords in prose, random values behind the
//! name of a secret.

use super::literals::List;
use super::random::{Shape, contains, is_stand_in, is_uuid};
use super::{Class, Findings, View, around, names_any};

/// Names of a password. Lower case; those of other alphabets also with a capital.
pub(super) const PASSWORDS: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "passcode",
    "kennwort",
    "mot de passe",
    "contraseña",
    "clave de acceso",
    "senha",
    "wachtwoord",
    "hasło",
    "lösenord",
    "adgangskode",
    "passord",
    "salasana",
    "пароль",
    "Пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "parola",
    "şifre",
    "heslo",
    "jelszó",
    "mật khẩu",
    "kata sandi",
    "κωδικός",
    "סיסמה",
    "كلمة المرور",
    "pwd",
    "pw:",
    "pass:",
    "pass=",
    "login:",
    "credentials:",
    "zugangsdaten:",
    "kodeord",
];

/// Names of a random secret.
pub(super) const SECRETS: &[&str] = &[
    "api key",
    "apikey",
    "api-key",
    "api_key",
    "api token",
    "api_token",
    "access key",
    "access_key",
    "accesskey",
    "access token",
    "access_token",
    "secret key",
    "secret_key",
    "secretkey",
    "secret",
    "client secret",
    "signing key",
    "signing_key",
    "encryption key",
    "encryption_key",
    "auth token",
    "auth_token",
    "authtoken",
    "refresh token",
    "refresh_token",
    "bearer token",
    "service key",
    "private_key",
    "privatekey",
    "private key",
    "master key",
    "account key",
    "license secret",
    "token",
    "x-api-key",
    "x-key",
    "credential",
    "api-schlüssel",
    "schlüssel",
    "clé api",
    "clave api",
    "chiave api",
    "chave api",
    "webhook key",
    "hmac key",
    "integration key",
    "app key",
    "app_key",
    "deploy key",
    "session key",
    "auth key",
    "ключ",
];

/// Words that make the named value public.
const PUBLIC: &[&str] = &[
    "public",
    "publishable",
    "site key",
    "sitekey",
    "key id",
    "keyid",
    "checksum",
    "digest",
    "fingerprint",
    "hash",
    "integrity",
    "commit",
    "csrf",
    "nonce",
    "tracking",
    "idempoten",
    "device token",
    "etag",
    "page_token",
    "pagetoken",
    "pagination",
    "unsubscribe",
    "example",
    "sample",
    "placeholder",
    "öffentlich",
];

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    for (index, label) in PASSWORDS.iter().enumerate() {
        for at in view.hits.at(List::Passwords, index) {
            password(view, at, label, findings);
        }
    }
    for (index, label) in SECRETS.iter().enumerate() {
        for at in view.hits.at(List::Secrets, index) {
            secret(view, at, label, findings);
        }
    }
}

/// The word after a label and a sign or verb that says what the label is. `None` when the label
/// is part of a longer word or is only talked about.
fn value_after<'a>(text: &'a str, at: usize, label: &str) -> Option<&'a str> {
    let before = text.get(..at)?.chars().next_back();
    if before.is_some_and(|c| c.is_ascii_alphabetic()) && label.is_ascii() && label.len() < 6 {
        return None;
    }
    let end = at + label.len();
    let mut stop = end.saturating_add(160).min(text.len());
    while !text.is_char_boundary(stop) {
        stop -= 1;
    }
    let rest = text.get(end..stop)?;
    if label.is_ascii() && rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut said = label.ends_with([':', '=']);
    let mut words = 0;
    let mut rest = rest.trim_start_matches(['"', '\'', '`', '*', ']', ')', '_']);
    loop {
        let trimmed = rest.trim_start();
        // A blank line ends what belongs together.
        let gap = rest.get(..rest.len() - trimmed.len()).unwrap_or_default();
        if gap.matches('\n').count() > 2 {
            return None;
        }
        rest = trimmed;
        if let Some(behind) = rest.strip_prefix([':', '=', '：', '→']) {
            said = true;
            rest = behind.trim_start_matches(['=', '>', '"', '\'', '`', '*']);
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let behind = rest.get(end..).unwrap_or_default();
        if is_verb(word) {
            said = true;
            rest = behind
                .trim_start()
                .trim_start_matches(['"', '\'', '`', '*']);
            if rest.starts_with(':') {
                continue;
            }
        } else if !said && words == 0 && is_strong(word) {
            // "password Winter2025!"
            return Some(word);
        } else if !said && words < 4 && !word.is_empty() && !word.ends_with(['.', '!', '?', ';']) {
            // "password for the portal is", "key (prod):"
            words += 1;
            said = word.ends_with([':', '=']);
            rest = behind;
            continue;
        }
        if !said {
            return None;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '`'));
        return rest
            .get(..end.unwrap_or(rest.len()))
            .filter(|value| !value.is_empty());
    }
}

/// Whether a word is a password by its look alone.
fn is_strong(word: &str) -> bool {
    let word = trimmed(word);
    let shape = Shape::of(word.as_bytes());
    let signs = word.bytes().filter(|b| b"!#$%&*?+^~@".contains(b)).count();
    (8..=64).contains(&shape.length)
        && shape.digits > 0
        && shape.lower > 0
        && (signs > 0 && shape.others <= 3
            || shape.upper > 0 && shape.others == 0 && shape.is_random())
}

fn is_verb(word: &str) -> bool {
    matches!(
        word,
        "is" | "was"
            | "ist"
            | "lautet"
            | "est"
            | "es"
            | "é"
            | "è"
            | "są"
            | "to"
            | "->"
            | "=>"
            | "-"
            | "är"
            | "er"
            | "on"
            | "jest"
            | "это"
            | "są:"
            | "–"
            | "now"
    )
}

fn trimmed(value: &str) -> &str {
    value.trim_end_matches(['.', ',', ';', ')', '\'', '"', '*', ']', '>', '`', '}'])
}

fn password(view: &View<'_>, at: usize, label: &str, findings: &mut Findings) {
    let Some(value) = value_after(view.text, at, label) else {
        return;
    };
    let value = trimmed(value);
    // The address of a meeting holds its password by design.
    if value.starts_with(['@', '>', ')', '/', '|'])
        || (label == "pwd" && link_around(view.text, at))
    {
        return;
    }
    let shape = Shape::of(value.as_bytes());
    let login = matches!(label, "login:" | "credentials:" | "zugangsdaten:");
    let value = if login {
        match value.split_once(['/', ':']) {
            Some((_, behind)) if !behind.starts_with('/') => behind,
            _ => return,
        }
    } else {
        value
    };
    let letters = shape.lower + shape.upper;
    let strong = (shape.digits > 0 && letters > 0
        || shape.others > 0 && shape.upper > 0 && shape.lower > 0)
        && shape.length >= 6
        && shape.length <= 80;
    if strong && !is_ordinary(value) && !is_stand_in(value.as_bytes()) {
        findings.add("password_prose", Class::Secret, view.place, value);
    }
}

/// Words with digits that are not passwords: addresses, links, times, sizes, paths, names of
/// products and of variables.
fn is_ordinary(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let starts = [
        "http", "www.", "mailto:", "/", "$", "{", "[", "<", "(", "%", "&", "#{", "--", "\\",
    ];
    let digits_then_unit =
        lower.trim_start_matches(|c: char| c.is_ascii_digit() || "-–.".contains(c));
    starts.iter().any(|start| lower.starts_with(start))
        || (lower.contains('@')
            && lower
                .rsplit('@')
                .next()
                .is_some_and(|host| host.contains('.')))
        || lower.contains("password")
        || lower.contains("passwd")
        || lower.contains("()")
        || lower.contains("://")
        || lower.contains('…')
        || lower.ends_with("-character")
        || matches!(
            digits_then_unit,
            "days" | "chars" | "characters" | "digits" | "bit" | "th" | "min" | "hours" | "h"
        )
        || lower
            .split(['_', '.'])
            .all(|part| part.len() > 2 && part.bytes().all(|b| b.is_ascii_lowercase()))
        || lower
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'\'' | b'-' | b'/' | b','))
}

fn secret(view: &View<'_>, at: usize, label: &str, findings: &mut Findings) {
    let Some(value) = value_after(view.text, at, label) else {
        return;
    };
    let value = trimmed(value);
    // "TOKEN=aws_secret_access_key = …" names twice; the inner name finds the value.
    let plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~')
    };
    let bytes = value.as_bytes();
    if bytes.len() < 16 || bytes.len() > 600 || !bytes.iter().all(|b| plain(*b)) {
        return;
    }
    let before = around(view.lower, at, at + label.len(), 30);
    let strong = names_any(
        label,
        &["api", "secret", "access", "private", "auth", "signing"],
    );
    let in_link = link_around(view.text, at);
    if names_any(before, PUBLIC) || (in_link && !strong) || (is_uuid(bytes) && !strong) {
        return;
    }
    let shape = Shape::of(bytes);
    if shape.digits > 0 && shape.lower + shape.upper > 0 && shape.is_random() && !is_stand_in(bytes)
    {
        let aws = contains(before.as_bytes(), b"aws") && bytes.len() == 40;
        let kind = if aws {
            "aws_secret_key"
        } else {
            "labelled_secret"
        };
        findings.add(kind, Class::Secret, view.place, value);
    }
}

/// Whether a place is inside the address of a link.
fn link_around(text: &str, at: usize) -> bool {
    let mut start = at.saturating_sub(300);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let before = text.get(start..at).unwrap_or_default();
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '<'))
        .next();
    word.is_some_and(|word| word.contains("://"))
}

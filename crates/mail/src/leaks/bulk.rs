//! Data of many people in one mail: tables, cards and lists of addresses.

use super::literals::{EMAIL_FIELD, List, VCARD};
use super::view::lines;
use super::{Class, Findings, Place, View};

/// Rows about one person each that make a list.
const MANY_ROWS: usize = 10;
/// Addresses without anything beside them that make a list.
const MANY_ADDRESSES: usize = 30;

/// Counts rows and addresses.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    if matches!(
        view.place,
        Place::Recipients | Place::Subject | Place::FileName(_)
    ) {
        return;
    }
    let attached = matches!(view.place, Place::Attachment(_));
    let mut rows = 0;
    let mut phones = 0;
    let mut names = 0;
    // Columns that hold something of a person make every row one.
    let columns = [
        "birth",
        "dob",
        "ssn",
        "salary",
        "patient",
        "geburt",
        "gehalt",
        "passport",
        "phone",
        "address",
        "email",
        "e-mail",
        "naissance",
        "telefon",
    ];
    let head = lines(view.lower)
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let sign = [';', ',', '\t', '|']
        .into_iter()
        .max_by_key(|sign| head.matches(*sign).count());
    let sign = sign.filter(|sign| head.matches(*sign).count() >= 2);
    let told = columns
        .iter()
        .filter(|column| head.contains(**column))
        .count();
    let sign = sign.filter(|_| told >= 1 && head.contains("name") && head.len() < 300);
    let wanted = sign.map_or(0, |sign| head.matches(sign).count());
    let mut tabled = 0;
    let mut addresses = std::collections::BTreeSet::new();
    let mut in_header = false;
    for line in lines(view.lower) {
        let folded = line.starts_with([' ', '\t']) && in_header;
        // Shorter lines hold nothing, and a hostile text has many.
        if line.len() < 2 {
            in_header = folded;
            continue;
        }
        in_header = folded || is_header(line);
        if in_header && !attached {
            continue;
        }
        let fields = 1 + count(line, |b| matches!(b, b';' | b',' | b'\t' | b'|'));
        let at_signs = memchr::memchr(b'@', line.as_bytes()).is_some();
        let address = at_signs.then(|| first_address(line)).flatten();
        let phone = count(line, |b| b.is_ascii_digit()) >= 8 && has_phone(line);
        tabled += usize::from(sign.is_some_and(|sign| line.matches(sign).count() == wanted));
        names += usize::from(
            address.is_some() && line.split_whitespace().count() <= 5 && line.len() < 120,
        );
        rows += usize::from(fields >= 2 && address.is_some() && (phone || fields >= 3));
        phones += usize::from(phone && fields >= 2 && address.is_none());
        // Most lines of a text have no address, and many have no more to give.
        if !at_signs || addresses.len() > MANY_ADDRESSES {
            continue;
        }
        for word in line.split([';', ',', '\t', '|', ' ', '<', '>', '"', '(', ')', ':']) {
            if addresses.len() <= MANY_ADDRESSES && word.len() < 100 && is_address(word) {
                addresses.insert(word);
            }
        }
    }
    let cards = view.hits.at(List::Single, VCARD).count();
    let people = view.hits.at(List::Single, EMAIL_FIELD).count();
    // A long conversation names the same two people on every line that says who wrote.
    let most = rows.max(people).max(names / 2).min(addresses.len());
    let most = most.max(phones).max(cards).max(tabled.saturating_sub(1));
    if most >= MANY_ROWS || addresses.len() >= MANY_ADDRESSES {
        let told = format!("{} rows", most.max(addresses.len()));
        findings.add("contact_list", Class::Bulk, view.place, &told);
    }
}

/// How many octets of a line are wanted ones. Counted in octets, which a processor does many at a time.
fn count(line: &str, wanted: impl Fn(u8) -> bool) -> usize {
    let parts = line.as_bytes().chunks(255);
    let each = parts.map(|part| part.iter().map(|byte| u8::from(wanted(*byte))).sum::<u8>());
    each.map(usize::from).sum()
}

/// Header lines of a forwarded mail, which name many people by nature.
fn is_header(line: &str) -> bool {
    let line = line.trim_start_matches(['>', ' ', '*']);
    [
        "to:",
        "cc:",
        "bcc:",
        "from:",
        "an:",
        "kopie:",
        "à:",
        "para:",
        "reply-to:",
        "sent:",
    ]
    .iter()
    .any(|name| line.starts_with(name))
}

fn first_address(line: &str) -> Option<&str> {
    line.split([';', ',', '\t', '|', ' ', '<', '>', '"'])
        .take(60)
        .find(|word| is_address(word))
}

fn is_address(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '\'']);
    word.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.contains('@')
    })
}

/// Whether a field is a telephone number.
fn has_phone(line: &str) -> bool {
    line.split([';', ',', '\t', '|']).take(30).any(|field| {
        let field = field.trim().trim_matches('"');
        let digits = field.bytes().filter(u8::is_ascii_digit).count();
        let rest = field
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-() ./".contains(&b));
        (8..=15).contains(&digits) && rest && field.starts_with(['+', '0', '('])
    })
}

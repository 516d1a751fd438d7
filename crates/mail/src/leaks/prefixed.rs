//! Tokens that begin with a name of their service, whole, broken into pieces, or in two places.

use super::forms::{Body, FORMS, Form};
use super::random::{Shape, is_stand_in};
use super::spans::{Octets, has, long, octets};
use super::{Class, Findings, Place, View};

/// Characters that may stand between two of a broken token, for each character kept.
const MAX_GAPS: usize = 6;
/// Octets of the longest body of a form that is put together.
const LONGEST_BODY: usize = {
    let mut longest = 0;
    let mut form = 0;
    while form < FORMS.len() {
        if FORMS[form].least > longest {
            longest = FORMS[form].least;
        }
        form += 1;
    }
    longest
};
/// Beginnings and loose pieces that are remembered of one mail.
const MAX_PIECES: usize = 200;

/// A form and how it begins.
#[derive(Clone, Copy)]
struct Entry {
    form: &'static Form,
    /// The second octet of its prefix.
    second: u8,
    /// The second octet of its prefix without signs.
    second_kept: u8,
}

/// The forms by their first octet.
pub(super) struct Index {
    buckets: Vec<Vec<Entry>>,
    /// For each first octet one bit for each second one, with and without signs between them.
    pairs: Vec<u128>,
}

impl Index {
    pub(super) fn new() -> Self {
        let mut buckets = vec![Vec::new(); 128];
        let mut pairs = vec![0_u128; 128];
        for form in FORMS {
            let second = form.prefix.as_bytes().get(1).copied().unwrap_or_default();
            let second_kept = form.prefix.bytes().filter(|b| is_kept(*b)).nth(1);
            if let Some(bucket) = form
                .prefix
                .bytes()
                .next()
                .and_then(|b| buckets.get_mut(usize::from(b)))
            {
                bucket.push(Entry {
                    form,
                    second,
                    second_kept: second_kept.unwrap_or_default(),
                });
            }
            let first = form.prefix.bytes().next().unwrap_or_default();
            if let Some(seconds) = pairs.get_mut(usize::from(first)) {
                *seconds |= 1 << (second & 127) | 1 << (second_kept.unwrap_or_default() & 127);
            }
        }
        Self { buckets, pairs }
    }

    /// Whether a form may begin with two octets. Nearly every word fails here.
    fn may_start(&self, first: u8, second: u8) -> bool {
        self.pairs
            .get(usize::from(first))
            .is_some_and(|seconds| seconds >> (second & 127) & 1 == 1)
    }

    fn bucket(&self, first: u8) -> impl Iterator<Item = &Entry> {
        self.buckets
            .get(usize::from(first))
            .map_or(&[][..], Vec::as_slice)
            .iter()
    }

    /// The forms whose prefix begins with two octets.
    fn starting(&self, first: u8, second: u8) -> impl Iterator<Item = &'static Form> {
        self.bucket(first)
            .filter(move |entry| entry.second == second)
            .map(|entry| entry.form)
    }

    /// The forms whose prefix begins with two octets when its signs are left out.
    fn starting_broken(&self, first: u8, second: u8) -> impl Iterator<Item = &'static Form> {
        self.bucket(first)
            .filter(move |entry| entry.second_kept == second)
            .map(|entry| entry.form)
    }
}

/// What stays of a broken token.
fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A token of which the rest may stand elsewhere.
struct Beginning {
    form: &'static Form,
    length: usize,
    place: Place,
    shown: String,
}

/// What a mail holds of tokens written in pieces.
#[derive(Default)]
pub(super) struct Pieces {
    beginnings: Vec<Beginning>,
    /// Random-looking words that are not tokens.
    loose: Vec<String>,
}

impl Pieces {
    /// Reports beginnings that the loose pieces of the mail complete.
    pub(super) fn report(&self, findings: &mut Findings) {
        let pieces: Vec<(usize, u8)> = self
            .loose
            .iter()
            .map(|piece| (piece.len(), Body::all_of(piece.as_bytes())))
            .collect();
        for beginning in &self.beginnings {
            let form = beginning.form;
            let fitting = || {
                let fits = |(_, bodies): &&(usize, u8)| bodies & form.body.bit() != 0;
                pieces.iter().filter(fits).map(|(length, _)| *length)
            };
            let missing = form.least.saturating_sub(beginning.length);
            let found = if form.exact {
                fitting().any(|length| length.abs_diff(missing) <= missing / 8)
            } else {
                fitting().sum::<usize>() >= missing
            };
            if found {
                findings.add(form.kind, Class::Secret, beginning.place, &beginning.shown);
            }
        }
    }
}

/// Finds whole tokens, and beginnings that may go on elsewhere.
pub(super) fn whole(view: &View<'_>, index: &Index, findings: &mut Findings, pieces: &mut Pieces) {
    let text = view.text.as_bytes();
    for word in &view.words {
        let rest = text.get(word.start()..).unwrap_or_default();
        let [first, second, ..] = rest else { continue };
        if !index.may_start(*first, *second) || before(text, word.start()) == Some(b'_') {
            continue;
        }
        for form in index.starting(*first, *second) {
            if rest.starts_with(form.prefix.as_bytes())
                && token(view.place, form, rest, findings, pieces)
            {
                break;
            }
        }
    }
}

fn before(text: &[u8], at: usize) -> Option<u8> {
    text.get(at.checked_sub(1)?).copied()
}

/// Reads a token whose prefix begins `rest`. True when it is one.
fn token(
    place: Place,
    form: &'static Form,
    rest: &[u8],
    findings: &mut Findings,
    pieces: &mut Pieces,
) -> bool {
    let after = rest.get(form.prefix.len()..).unwrap_or_default();
    let window = after.get(..after.len().min(600)).unwrap_or_default();
    let length = window
        .iter()
        .position(|b| !form.body.has(*b))
        .unwrap_or(window.len());
    let mut body = window.get(..length).unwrap_or_default();
    while body.last().is_some_and(|b| matches!(b, b'.' | b'-')) {
        body = body.get(..body.len() - 1).unwrap_or_default();
    }
    let next = window.get(length).copied().unwrap_or(b' ');
    let whole = rest
        .get(..form.prefix.len() + body.len())
        .unwrap_or_default();
    if body.len() >= form.least {
        let ends = !form.exact || (body.len() == form.least && !next.is_ascii_alphanumeric());
        let found = ends && drawn(form, body) && !is_stand_in(whole);
        if found {
            findings.add(
                form.kind,
                Class::Secret,
                place,
                &String::from_utf8_lossy(whole),
            );
            return true;
        }
        return false;
    }
    let cut = body.last().is_none()
        || matches!(next, b'*' | b'.') && !body.is_empty() && {
            let tail = window.get(length..length + 2).unwrap_or_default();
            tail == b"**" || tail == b".."
        };
    if !cut
        && (form.prefix.len() >= 4 || form.prefix.ends_with(['_', '.']))
        && body.len() >= (form.least / 4).max(4)
        && drawn(form, body)
        && !is_stand_in(whole)
        && pieces.beginnings.len() < MAX_PIECES
    {
        pieces.beginnings.push(Beginning {
            form,
            length: body.len(),
            place,
            shown: String::from_utf8_lossy(whole).into_owned(),
        });
    }
    false
}

/// Whether the body looks drawn at random, by what its alphabet allows.
fn drawn(form: &Form, body: &[u8]) -> bool {
    let shape = Shape::of(body);
    match form.body {
        // Twenty capitals in one word are rare enough.
        Body::Upper => shape.is_random() || (shape.digits > 0 || form.exact),
        _ if form.least <= 1 => true,
        // No word has thirty letters, whatever they are.
        Body::Alnum if form.least >= 30 && form.prefix.ends_with(['_', '-']) => {
            shape.is_random() || (shape.digits > 0 || shape.upper > 0) && shape.is_varied()
        }
        // Slack writes the numbers of team and user first.
        _ if form.prefix.starts_with("xox") => {
            shape.is_random() || shape.digits * 3 >= shape.length
        }
        _ => shape.is_random(),
    }
}

/// Finds tokens with blanks, dashes, quotes or line breaks between their characters.
pub(super) fn broken(view: &View<'_>, index: &Index, findings: &mut Findings) {
    let text = view.text.as_bytes();
    for word in &view.words {
        let at = word.start();
        if matches!(before(text, at), Some(b'+' | b'/' | b'_')) {
            continue;
        }
        let Some((&byte, behind)) = text.get(at..).and_then(<[u8]>::split_first) else {
            continue;
        };
        let second = behind.iter().copied().find(|b| is_kept(*b));
        let Some(second) = second.filter(|second| index.may_start(byte, *second)) else {
            continue;
        };
        for form in index.starting_broken(byte, second) {
            if let Some(shown) = broken_token(form, text, at) {
                findings.add(form.kind, Class::Secret, view.place, &shown);
                break;
            }
        }
    }
}

/// The token of a form whose characters, without what stands between them, begin at `from`.
fn broken_token(form: &Form, text: &[u8], from: usize) -> Option<String> {
    // What is spread wider is no token, so that no more need be read.
    let farthest = (form.prefix.len() + form.least) * MAX_GAPS;
    let window = text.get(from..text.len().min(from + farthest + 1))?;
    let mut kept = (from..).zip(window).filter(|(_, b)| is_kept(**b));
    let mut length = 0;
    for wanted in form.prefix.bytes().filter(|b| is_kept(*b)) {
        if *kept.next()?.1 != wanted {
            return None;
        }
        length += 1;
    }
    // Some characters of the body may have been dropped with what stood between.
    let least = match form.body {
        Body::Alnum | Body::Upper | Body::Hex => form.least,
        Body::Url | Body::Dotted | Body::Base64 => form.least * 3 / 4,
    };
    let mut body = [0; LONGEST_BODY];
    let body = body.get_mut(..least)?;
    let (mut start, mut until) = (from, from);
    for (at, place) in body.iter_mut().enumerate() {
        let (found, byte) = kept.next()?;
        // Nearly every text ends here.
        if !form.body.has(*byte) {
            return None;
        }
        *place = *byte;
        until = found;
        if at == 0 {
            start = found;
        }
    }
    let mut whole: Vec<u8> = form.prefix.bytes().filter(|b| is_kept(*b)).collect();
    whole.extend_from_slice(body);
    if until - from > whole.len() * MAX_GAPS {
        return None;
    }
    let shape = Shape::of(body);
    let both_cases = shape.upper > 0 && shape.lower > 0;
    // The signs of the prefix were dropped as if they stood between; they must be there.
    let head = text.get(from..start)?;
    let signed = form
        .prefix
        .bytes()
        .filter(|b| matches!(b, b'-' | b'.'))
        .all(|sign| head.contains(&sign));
    // Two characters announce nothing: what follows must be drawn beyond doubt.
    let announced = signed
        && (length >= 3
            || form.body == Body::Hex
            || (least >= 32 && both_cases && shape.digits > 2));
    let found = announced
        && (shape.digits > 0 || (both_cases && shape.turns_often()))
        && (shape.is_random()
            || (form.prefix.starts_with("xox") && drawn(form, body))
            || (form.exact && form.body == Body::Upper))
        && !is_stand_in(&whole);
    found.then(|| String::from_utf8_lossy(&whole).into_owned())
}

/// Remembers random-looking words, the possible rest of a token begun elsewhere.
pub(super) fn loose(view: &View<'_>, index: &Index, pieces: &mut Pieces) {
    let text = view.text.as_bytes();
    let words = long(text, 6, |b| has(&URL_SAFE, b)).filter_map(|range| text.get(range));
    for word in words.filter(|word| word.len() <= 200) {
        if pieces.loose.len() >= MAX_PIECES {
            return;
        }
        if is_piece(word) && !begins_token(word, index) {
            pieces
                .loose
                .push(String::from_utf8_lossy(word).into_owned());
        }
    }
}

fn begins_token(word: &[u8], index: &Index) -> bool {
    let [first, second, ..] = word else {
        return false;
    };
    index
        .starting(*first, *second)
        .any(|form| form.prefix.len() > 2 && word.starts_with(form.prefix.as_bytes()))
}

const URL_SAFE: Octets = octets(b"_-", true);

fn is_piece(word: &[u8]) -> bool {
    // Nearly every word has small letters behind its first.
    let mut behind = word.iter().skip(1);
    if behind.all(u8::is_ascii_lowercase) {
        return false;
    }
    let shape = Shape::of(word);
    shape.is_random() || (shape.lower == 0 && shape.upper > 0 && shape.digits > 0)
}

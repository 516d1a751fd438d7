//! Marks that say a text stays inside.

use super::literals::{CLASSIFIED, List, TLP};
use super::mark_words::{CLASSES, LABELS, MARKS};
use super::view::lines;
use super::{Class, Findings, Place, View, names_any};

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    let mut last_lines = 0;
    for (line, written) in lines(view.lower).zip(lines(view.text)) {
        if line.starts_with("--") && line.trim_end() == "--" {
            last_lines = 1;
        }
        if last_lines == 0
            && may_begin(line)
            && (is_mark(line) || is_loud(line, written, view.place))
        {
            findings.add("confidentiality_marker", Class::Marker, view.place, line);
        }
    }
    // The first line of a text is a heading, also when it is one word.
    let first = lines(view.lower)
        .map(str::trim)
        .find(|line| !line.is_empty());
    let heads = [
        "confidential",
        "vertraulich",
        "confidentiel",
        "confidencial",
        "riservato",
        "restricted",
    ];
    let several = view.lower.trim().len() > 20;
    let classified = view.hits.at(List::Single, CLASSIFIED).any(|at| {
        begins_behind(
            view.lower,
            at + "classified as ".len(),
            &[
                "restricted",
                "confidential",
                "secret",
                "internal",
                "strictly",
                "highly",
            ],
        )
    });
    if first.is_some_and(|line| {
        several && heads.contains(&line.trim_matches(|c: char| !c.is_alphanumeric()))
    }) || classified
    {
        findings.add(
            "confidentiality_marker",
            Class::Marker,
            view.place,
            "heading",
        );
    }
    // TLP marks are said everywhere in the same way (FIRST, version 2.0).
    let marked = view.hits.at(List::Single, TLP).any(|at| {
        begins_behind(
            view.lower,
            at + "tlp:".len(),
            &["red", "amber", " red", " amber"],
        )
    });
    if marked {
        findings.add(
            "confidentiality_marker",
            Class::Marker,
            view.place,
            "TLP mark",
        );
    }
}

fn begins_behind(text: &str, at: usize, words: &[&str]) -> bool {
    text.get(at..)
        .is_some_and(|behind| words.iter().any(|word| behind.starts_with(word)))
}

/// The first three octets of every mark and label, one bit each; made when the program is built.
const BEGINNINGS: [u64; 64] = {
    let mut bits = [0; 64];
    let lists = [MARKS, LABELS];
    let mut list = 0;
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            let octets = lists[list][word].as_bytes();
            let place = beginning(octets[0], octets[1], octets[2]);
            bits[place / 64] |= 1 << (place % 64);
            word += 1;
        }
        list += 1;
    }
    bits
};

const fn beginning(first: u8, second: u8, third: u8) -> usize {
    (((first as usize) << 7) ^ ((second as usize) << 4) ^ third as usize) & 0xFFF
}

/// Whether a line may begin with a mark or label, which few lines do.
fn may_begin(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    line.as_bytes()
        .first_chunk::<3>()
        .is_some_and(|[first, second, third]| {
            let place = beginning(*first, *second, *third);
            BEGINNINGS
                .get(place / 64)
                .is_some_and(|word| word >> (place % 64) & 1 == 1)
        })
}

fn is_mark(line: &str) -> bool {
    let line = line.trim_matches(|c: char| !c.is_alphanumeric());
    if line.is_empty()
        || line.len() > 90
        || line.contains("this e-mail")
        || line.contains("this email")
    {
        return false;
    }
    if let Some((label, class)) = line.split_once([':', '=']) {
        let label = label.trim().trim_matches(|c: char| !c.is_alphanumeric());
        let class = class.trim_start_matches(|c: char| !c.is_alphanumeric());
        if LABELS.contains(&label) {
            return CLASSES.iter().any(|known| class.starts_with(known));
        }
    }
    // Alone on the line, or two marks joined: "confidential - internal use only".
    let mut parts = line
        .split(['-', '/', '|', ',', '.', ';', '–', '—', '(', ')', ':', '•'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    // One word may be a name or an answer; a mark of one word has company.
    if MARKS.contains(&line) {
        return line.contains(' ');
    }
    let orders = [
        "forward",
        "distribut",
        "share",
        "outside",
        "disclose",
        "weitergeben",
        "diffus",
    ];
    let (first, rest) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
    MARKS.contains(&first)
        && !rest.is_empty()
        && rest
            .iter()
            .all(|part| MARKS.contains(part) || names_any(part, &orders))
}

/// A mark at the beginning of a line that says more: in capitals or in brackets.
fn is_loud(line: &str, written: &str, place: Place) -> bool {
    let start = written.len()
        - written
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .len();
    let bracket = written
        .get(..start)
        .is_some_and(|signs| signs.contains(['[', '【']));
    let (line, written) = (
        line.get(start..).unwrap_or_default(),
        written.get(start..).unwrap_or_default(),
    );
    if line.contains("this e-mail")
        || line.contains("this email")
        || line.contains("this message")
        || line.len() > 160
    {
        return false;
    }
    MARKS
        .iter()
        .filter(|mark| mark.is_ascii() && mark.len() >= 8)
        .any(|mark| {
            let Some(behind) = line.strip_prefix(mark) else {
                return false;
            };
            let loud = written
                .get(..mark.len())
                .is_some_and(|m| !m.bytes().any(|b| b.is_ascii_lowercase()));
            let ends = behind.trim_start().is_empty()
                || behind.starts_with(['\u{5D}', ':', '.', ',', '!'])
                || behind
                    .trim_start()
                    .starts_with(['-', '|', '/', '*', '(', '–', '—', ';']);
            let one_word = !mark.contains([' ', '-']);
            ends && (bracket
                || (loud
                    && (!one_word
                        || place == Place::Subject
                        || behind.trim().is_empty()
                        || !behind.starts_with([':', ',']))))
        })
}

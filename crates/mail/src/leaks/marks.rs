//! Marks that say a text stays inside.

use super::mark_words::{CLASSES, LABELS, MARKS};
use super::{Class, Findings, Place, View, names_any};

/// Finds them.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    let mut last_lines = 0;
    for (line, written) in view.lower.lines().zip(view.text.lines()) {
        if line.trim_end() == "--" {
            last_lines = 1;
        }
        if last_lines == 0 && (is_mark(line) || is_loud(line, written, view.place)) {
            findings.add("confidentiality_marker", Class::Marker, view.place, line);
        }
    }
    // The first line of a text is a heading, also when it is one word.
    let first = view
        .lower
        .lines()
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
    let classified = [
        "classified as restricted",
        "classified as confidential",
        "classified as secret",
        "classified as internal",
        "classified as strictly",
        "classified as highly",
    ];
    if first.is_some_and(|line| {
        several && heads.contains(&line.trim_matches(|c: char| !c.is_alphanumeric()))
    }) || names_any(view.lower, &classified)
    {
        findings.add(
            "confidentiality_marker",
            Class::Marker,
            view.place,
            "heading",
        );
    }
    // TLP marks are said everywhere in the same way (FIRST, version 2.0).
    if names_any(
        view.lower,
        &["tlp:red", "tlp:amber", "tlp: red", "tlp: amber"],
    ) {
        findings.add(
            "confidentiality_marker",
            Class::Marker,
            view.place,
            "TLP mark",
        );
    }
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

//! Failure notices in a mail server's own words: qmail, Exim, Sendmail, Exchange, Domino, and the
//! providers that write to people in their language.
//!
//! A notice is believed to be one only if it comes from a mail system and says so in words that
//! are known; a person who quotes a notice is not one.

mod wording;

use self::wording::{DELAYS, ENDS, FINAL, LEADS, OPENINGS, SUBJECTS, SYSTEMS};
use super::{
    Action, Class, Fate, MAX_RECIPIENTS, Original, Report, Words, addresses, answer, classify,
    diagnostic, original, original_part,
};
use crate::parse::sections::{Sections, field};

/// Lines of an explanation that are looked at, and characters of each.
const MAX_LINES: usize = 400;
const MAX_LINE: usize = 2_000;

/// Reads a notice; `None` for anything that is not surely one.
pub(super) fn read(sections: &Sections) -> Option<Report> {
    if !is_from_a_mail_system(sections) {
        return None;
    }
    let text = shown(sections);
    let (explanation, rest) = split(&text);
    let folded = folded(&explanation);
    let failed_field = field(&sections.fields, "X-Failed-Recipients");
    let subject = field(&sections.fields, "Subject").unwrap_or_default();
    let subject = subject.to_lowercase();
    let opens = OPENINGS.iter().any(|opening| folded.contains(opening));
    let titled = SUBJECTS.iter().any(|title| subject.contains(title));
    if !opens && failed_field.is_none() && (!titled || answer::is_absence(sections)) {
        return None;
    }
    let waits = |text: &str| DELAYS.iter().any(|word| text.contains(word));
    let over = FINAL.iter().any(|word| folded.contains(word));
    let delayed = waits(&subject) || (waits(&folded) && !over);
    let action = if delayed {
        Action::Delayed
    } else {
        Action::Failed
    };
    Some(Report {
        reporter: reporter(sections),
        recipients: fates(sections, &explanation, failed_field, action),
        original: original_part(sections)
            .or_else(|| rest.map(|rest| begin_of_fields(&rest)))
            .unwrap_or_default(),
        standard: false,
    })
}

fn is_from_a_mail_system(sections: &Sections) -> bool {
    let from = field(&sections.fields, "From").unwrap_or_default();
    let Some(address) = addresses(from).next() else {
        // The null path has no address; some systems put it into From as it is.
        let from = from.to_ascii_lowercase();
        return from.trim() == "<>" || SYSTEMS.iter().any(|name| from.contains(name));
    };
    let local = address.rsplit_once('@').map_or("", |(local, _)| local);
    let local = local.to_ascii_lowercase();
    SYSTEMS
        .iter()
        .any(|name| local == *name || local.strip_prefix(name).is_some_and(is_tag))
}

/// What follows a system's name in its address: `mailer-daemon-7`, `microsoftexchange329e71…`.
fn is_tag(rest: &str) -> bool {
    rest.starts_with(['-', '+', '.', '_']) || rest.bytes().all(|b| b.is_ascii_hexdigit())
}

fn reporter(sections: &Sections) -> Option<String> {
    let from = field(&sections.fields, "From")?;
    let address = addresses(from).next()?;
    let (_, domain) = address.rsplit_once('@')?;
    Some(domain.to_ascii_lowercase())
}

/// What a person would read: the plain text, or the HTML as text.
fn shown(sections: &Sections) -> String {
    let of = |kind: &str| {
        sections
            .parts
            .iter()
            .find(|part| part.content_type == kind && !part.text.trim().is_empty())
    };
    match (of("text/plain"), of("text/html")) {
        (Some(plain), _) => plain.text.clone(),
        (None, Some(html)) => crate::html::to_text(&html.text),
        (None, None) => String::new(),
    }
}

/// The explanation, and what comes after the line that announces the original message.
fn split(text: &str) -> (Vec<&str>, Option<String>) {
    let mut explanation = Vec::new();
    let mut lines = text.lines().take(MAX_LINES);
    while let Some(line) = lines.next() {
        let lower = line.trim().to_lowercase();
        let is_field = lower.starts_with("return-path:") || lower.starts_with("received: from");
        if is_field || ENDS.iter().any(|end| lower.contains(end)) {
            let rest: Vec<&str> = lines.collect();
            let first = if is_field { line } else { "" };
            return (explanation, Some(format!("{first}\n{}", rest.join("\n"))));
        }
        let cut = line.char_indices().nth(MAX_LINE);
        explanation.push(cut.map_or(line, |(at, _)| line.get(..at).unwrap_or(line)));
    }
    (explanation, None)
}

/// The original's fields from where they begin: after the announcement come empty lines, and
/// indentation.
fn begin_of_fields(rest: &str) -> Original {
    let lines = rest.lines().map(str::trim_end);
    let lines: Vec<&str> = lines.skip_while(|line| line.trim().is_empty()).collect();
    let indent = lines
        .first()
        .map_or(0, |line| line.len() - line.trim_start().len());
    let lines = lines.iter().map(|line| line.get(indent..).unwrap_or(line));
    original(&lines.collect::<Vec<_>>().join("\n"))
}

/// Lower case, with single blanks.
fn folded(lines: &[&str]) -> String {
    let mut out = String::new();
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        out.extend(word.chars().flat_map(char::to_lowercase));
        out.push(' ');
    }
    out.replace('\u{2019}', "'")
}

struct Found {
    recipient: Option<String>,
    said: String,
}

fn fates(
    sections: &Sections,
    explanation: &[&str],
    failed_field: Option<&str>,
    action: Action,
) -> Vec<Fate> {
    let own = own_addresses(sections);
    let mut found = by_line(explanation, &own);
    if let Some(named) = failed_field {
        let mut named: Vec<Found> = addresses(named)
            .take(MAX_RECIPIENTS)
            .map(|recipient| Found {
                recipient: Some(recipient),
                said: String::new(),
            })
            .collect();
        for one in &mut named {
            let same = found
                .iter()
                .find(|line| same(&line.recipient, &one.recipient));
            one.said = same.map(|line| line.said.clone()).unwrap_or_default();
        }
        found = named;
    }
    if found.is_empty() {
        let mut all: Vec<String> = explanation
            .iter()
            .flat_map(|line| addresses(line))
            .filter(|address| !is_own(address, &own))
            .collect();
        all.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        // Of several nobody can tell which failed.
        let only = all.pop().filter(|_| all.is_empty());
        found.push(Found {
            recipient: only,
            said: String::new(),
        });
    }
    let whole = explanation.join("\n");
    let several = found.len() > 1;
    let fate = |one: Found| {
        let mut words = Words::of(&one.said);
        let mut verdict = classify(&words);
        if one.said.is_empty() || (verdict.class == Class::Unknown && !several) {
            words = Words::of(&whole);
            verdict = classify(&words);
        }
        Fate {
            recipient: one.recipient,
            ended_at: None,
            action,
            status: words.status,
            diagnostic: diagnostic(words.text),
            verdict,
        }
    };
    found.into_iter().map(fate).collect()
}

fn same(one: &Option<String>, other: &Option<String>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// Addresses that stand in a notice without being its subject: whom it is from and to.
fn own_addresses(sections: &Sections) -> Vec<String> {
    let fields = ["From", "To", "Reply-To", "Return-Path"];
    fields
        .iter()
        .filter_map(|name| field(&sections.fields, name))
        .flat_map(addresses)
        .map(|address| address.to_lowercase())
        .collect()
}

fn is_own(address: &str, own: &[String]) -> bool {
    let lower = address.to_lowercase();
    let local = lower.split('@').next().unwrap_or_default();
    own.contains(&lower) || ["postmaster", "mailer-daemon", "abuse"].contains(&local)
}

/// Recipients that begin a line or follow a word that announces them, each with what is said up to
/// the next one.
fn by_line(lines: &[&str], own: &[String]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut current: Option<usize> = None;
    for line in lines {
        let here = recipient(line).filter(|(address, _)| !is_own(address, own));
        let (said, at) = match here {
            Some((address, said)) => {
                let known = found
                    .iter()
                    .position(|one| same(&one.recipient, &Some(address.clone())));
                if known.is_none() && found.len() >= MAX_RECIPIENTS {
                    break;
                }
                let at = known.unwrap_or_else(|| {
                    found.push(Found {
                        recipient: Some(address),
                        said: String::new(),
                    });
                    found.len() - 1
                });
                (said, at)
            }
            None => match current {
                Some(at) => (*line, at),
                None => continue,
            },
        };
        current = Some(at);
        if let Some(one) = found.get_mut(at)
            && one.said.len() < MAX_LINE
        {
            one.said.push_str(said.trim());
            one.said.push('\n');
        }
    }
    found
}

/// The address that a line is about, and what it says of it.
fn recipient(line: &str) -> Option<(String, &str)> {
    let text = line
        .trim()
        .trim_start_matches(['*', '-', '•', '·', '>', ' ']);
    let opened = text.trim_start_matches(['<', '\'', '"', '[', '(']);
    let end = opened
        .find(|c: char| c.is_whitespace() || "<>,;'\"()[]：".contains(c))
        .unwrap_or(opened.len());
    let word = opened.get(..end).unwrap_or_default();
    if let Some(address) = addresses(word.trim_end_matches(':')).next() {
        let rest = opened.get(end..).unwrap_or_default();
        let rest = rest.trim_start_matches(['>', ')', ']', '\'', '"', ':', ',', ';']);
        return Some((address, rest));
    }
    let lower = text.to_lowercase();
    // Lower case may have another length; the words are looked for there, the address here.
    if LEADS.iter().any(|lead| lower.contains(lead)) {
        let address = addresses(text).next()?;
        let after = text.split_once(&address).map_or("", |(_, rest)| rest);
        return Some((address, after));
    }
    None
}

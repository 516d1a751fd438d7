//! The Authentication-Results field (RFC 8601): writing ours, and knowing others that claim our
//! name.

use std::fmt::Write;

/// One method with its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// `spf`, `dkim`, `dmarc`, `arc`.
    pub method: &'a str,
    /// The result's word.
    pub result: &'a str,
    /// A remark for people.
    pub comment: Option<String>,
    /// What was checked: `smtp.mailfrom`, `header.d` and so on, with its value.
    pub properties: Vec<(&'a str, String)>,
}

/// The value of the field, each method on a line of its own. `authserv_id` is the name of this
/// server.
#[must_use]
pub fn value(authserv_id: &str, entries: &[Entry<'_>]) -> String {
    let mut out = token(authserv_id);
    if entries.is_empty() {
        out.push_str("; none");
    }
    for entry in entries {
        push(
            &mut out,
            format_args!(";\r\n\t{}={}", entry.method, entry.result),
        );
        if let Some(comment) = &entry.comment {
            push(
                &mut out,
                format_args!(" ({})", harmless(comment, |c| c == ' ')),
            );
        }
        for (name, value) in &entry.properties {
            push(&mut out, format_args!(" {name}={}", token(value)));
        }
    }
    out
}

/// Whether a field's value, folds allowed, names `authserv_id` as its author (§2.2). What cannot be
/// read is taken for ours too: nobody honest writes it.
#[must_use]
pub fn claims(value: &str, authserv_id: &str) -> bool {
    let Some(rest) = skip_comments(value) else {
        return true;
    };
    let own = match rest.strip_prefix('"') {
        Some(quoted) => {
            let Some((own, _)) = quoted.split_once('"') else {
                return true;
            };
            own
        }
        None => rest
            .split(|c: char| c.is_ascii_whitespace() || matches!(c, ';' | '('))
            .next()
            .unwrap_or_default(),
    };
    let own = own.replace('\\', "");
    let own = own.trim().trim_end_matches('.');
    own.eq_ignore_ascii_case(authserv_id.trim_end_matches('.'))
}

/// The value of `property` where `method` has the result `pass`, in lower case: the first of its
/// kind in what follows the name of the server in a field's value.
#[must_use]
pub fn passed(value: &str, method: &str, property: &str) -> Option<String> {
    let plain = without_comments(value);
    for entry in plain.split(';') {
        let mut words = entry.split_ascii_whitespace();
        let result = words.next().and_then(|word| word.split_once('='));
        let is_pass = result.is_some_and(|(name, result)| {
            let name = name.split('/').next().unwrap_or_default();
            name.eq_ignore_ascii_case(method) && result.eq_ignore_ascii_case("pass")
        });
        if is_pass {
            let mut properties = words.filter_map(|word| word.split_once('='));
            let own = properties.find(|(name, _)| name.eq_ignore_ascii_case(property));
            return own.map(|(_, value)| value.trim_matches('"').to_ascii_lowercase());
        }
    }
    None
}

/// A value with blanks for its comments; what stands in quotes is none.
fn without_comments(text: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

/// What follows white space and comments; `None` when a comment does not end.
fn skip_comments(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if depth > 0 => escaped = true,
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 || c.is_whitespace() => {}
            _ => return Some(&text[at..]),
        }
    }
    (depth == 0).then_some("")
}

/// A value that stands as one word (RFC 2045 §5.1), with what has a meaning in the field replaced.
fn token(value: &str) -> String {
    let word = harmless(value, |c| "@:[]/=".contains(c));
    if word.is_empty() {
        "unknown".to_owned()
    } else if word.contains([':', '[', ']', '/', '=']) {
        format!("\"{word}\"")
    } else {
        word
    }
}

fn harmless(value: &str, also: impl Fn(char) -> bool) -> String {
    const MAX: usize = 255;
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`{|}~".contains(c) || also(c);
    value
        .chars()
        .take(MAX)
        .map(|c| if plain(c) { c } else { '?' })
        .collect()
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: std::fmt::Result = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_stays_one_word() {
        let entry = Entry {
            method: "spf",
            result: "pass",
            comment: Some("a) dmarc=pass (b".to_owned()),
            properties: vec![("smtp.mailfrom", "x;\r\n dmarc=pass y@z".to_owned())],
        };
        assert_eq!(
            value("mx.example", &[entry]),
            "mx.example;\r\n\tspf=pass (a? dmarc?pass ?b) smtp.mailfrom=\"x????dmarc=pass?y@z\""
        );
        assert_eq!(value("mx.example", &[]), "mx.example; none");
    }

    #[test]
    fn a_passed_method_is_found_with_its_property() {
        let value = " mx.example; spf=fail; dmarc=pass (p=reject dis=none) header.from=A.Example;\r\n dkim=pass";
        assert_eq!(
            passed(value, "dmarc", "header.from").as_deref(),
            Some("a.example")
        );
        assert_eq!(passed(value, "spf", "smtp.mailfrom"), None);
        assert_eq!(passed(value, "dkim", "header.d"), None);
        let hidden = "x; spf=fail (; dmarc=pass header.from=a.example)";
        assert_eq!(passed(hidden, "dmarc", "header.from"), None);
    }

    #[test]
    fn a_forged_field_is_known_however_it_is_written() {
        for forged in [
            " mx.example; spf=pass",
            "mx.example",
            "\r\n\t(hi (there)) MX.Example 1; none",
            "\"mx.example\"; spf=pass",
            "mx.example.; spf=pass",
            "mx.example(x); spf=pass",
            "(never closed mx.example",
            "\"mx.example",
        ] {
            assert!(claims(forged, "mx.example"), "{forged}");
        }
        for other in [
            "mx.example.org; spf=pass",
            "amx.example; x",
            "other; mx.example",
            "",
        ] {
            assert!(!claims(other, "mx.example"), "{other}");
        }
    }
}

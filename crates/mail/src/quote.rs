//! The old message under a new one, in the form Gmail made the common one.
//!
//! What [`reply_text`] and [`reply_html`] put under an answer, [`crate::reply::visible`] takes
//! off again exactly.

use crate::Timestamp;
use crate::thread_key::{is_forward_subject, is_reply_subject};

/// The message that is answered or passed on.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    /// The author, as shown.
    pub from: &'a str,
    /// The recipients, as shown, with commas between them.
    pub to: &'a str,
    /// Who got a copy, as shown; empty for nobody.
    pub cc: &'a str,
    /// When it was written.
    pub date: Timestamp,
    /// Its subject.
    pub subject: Option<&'a str>,
    /// Its text.
    pub text: Option<&'a str>,
    /// Its HTML.
    pub html: Option<&'a str>,
}

/// `Re: ` and the subject; a subject that has a reply prefix in any language stays as it is.
#[must_use]
pub fn reply_subject(subject: Option<&str>) -> String {
    let subject = subject.unwrap_or_default().trim();
    if is_reply_subject(subject) {
        subject.to_owned()
    } else {
        format!("Re: {subject}").trim_end().to_owned()
    }
}

/// `Fwd: ` and the subject; a subject that has a forward prefix in any language stays as it is.
#[must_use]
pub fn forward_subject(subject: Option<&str>) -> String {
    let subject = subject.unwrap_or_default().trim();
    if is_forward_subject(subject) {
        subject.to_owned()
    } else {
        format!("Fwd: {subject}").trim_end().to_owned()
    }
}

/// The new text, an attribution and the old text with `> ` before each line.
#[must_use]
pub fn reply_text(new: &str, original: &Original<'_>) -> String {
    let old = text_of(original);
    let mut out = String::with_capacity(new.len() + old.len() + old.len() / 16 + 120);
    out.push_str(new.trim_end());
    out.push_str("\n\n");
    out.push_str(&attribution(original));
    out.push_str("\n\n");
    for line in old.trim_end().lines() {
        out.push_str(if line.is_empty() || line.starts_with('>') {
            ">"
        } else {
            "> "
        });
        out.push_str(line);
        out.push('\n');
    }
    if old.trim().is_empty() {
        out.push_str(">\n");
    }
    out
}

/// The new HTML and the old message in a `gmail_quote` block.
#[must_use]
pub fn reply_html(new: &str, original: &Original<'_>) -> String {
    let attribution = escape(&attribution(original));
    let old = html_of(original);
    let (before, after) = open_body(new);
    format!(
        "{before}<br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" \
         class=\"gmail_attr\">{attribution}<br></div><blockquote class=\"gmail_quote\" \
         style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">\
         {old}</blockquote></div>{after}"
    )
}

/// The new text, the line that marks a forward, the old message's headers and its text.
#[must_use]
pub fn forward_text(new: &str, original: &Original<'_>) -> String {
    let mut out = String::new();
    if !new.trim().is_empty() {
        out.push_str(new.trim_end());
        out.push_str("\n\n");
    }
    out.push_str("---------- Forwarded message ---------\n");
    for (label, value) in shown_headers(original) {
        out.push_str(&format!("{label}: {value}\n"));
    }
    out.push_str("\n\n");
    out.push_str(text_of(original).trim_end());
    out.push('\n');
    out
}

/// The new HTML and the forwarded message under it.
#[must_use]
pub fn forward_html(new: &str, original: &Original<'_>) -> String {
    let headers: String = shown_headers(original)
        .iter()
        .map(|(label, value)| format!("{label}: {}<br>", escape(value)))
        .collect();
    let old = html_of(original);
    let (before, after) = open_body(new);
    let gap = if new.trim().is_empty() {
        ""
    } else {
        "<br><br>"
    };
    format!(
        "{before}{gap}<div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" \
         class=\"gmail_attr\">---------- Forwarded message ---------<br>{headers}</div><br><br>{old}\
         </div>{after}"
    )
}

/// `On Mon, 24 Aug 2026 at 10:41, Ann <ann@a.example> wrote:`
fn attribution(original: &Original<'_>) -> String {
    format!(
        "On {}, {} wrote:",
        shown_date(original.date),
        one_line(original.from)
    )
}

fn shown_date(date: Timestamp) -> String {
    // Tue, 25 Aug 2026 10:41:14 +0000
    let full = date.to_rfc5322();
    let day = full.get(..16).unwrap_or(&full);
    let time = full.get(17..22).unwrap_or_default();
    format!("{day} at {time} UTC")
}

fn shown_headers(original: &Original<'_>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("From", one_line(original.from)),
        ("Date", shown_date(original.date)),
        ("Subject", one_line(original.subject.unwrap_or_default())),
        ("To", one_line(original.to)),
    ];
    if !original.cc.is_empty() {
        headers.push(("Cc", one_line(original.cc)));
    }
    headers
}

/// A value a correspondent chose, kept on its line.
fn one_line(value: &str) -> String {
    value
        .split(char::is_control)
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

fn text_of(original: &Original<'_>) -> String {
    match (original.text, original.html) {
        (Some(text), _) => text.to_owned(),
        (None, Some(html)) => crate::html::to_text(html),
        (None, None) => String::new(),
    }
}

fn html_of(original: &Original<'_>) -> String {
    match (original.html, original.text) {
        (Some(html), _) => inner_body(html).to_owned(),
        (None, Some(text)) => text_as_html(text),
        (None, None) => String::new(),
    }
}

/// Plain text as HTML that looks the same: escaped, line by line.
#[must_use]
pub fn text_as_html(text: &str) -> String {
    escape(text).replace('\n', "<br>\n")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// What stands between `<body …>` and `</body>`; the whole when there is no such frame.
fn inner_body(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let start = lower
        .find("<body")
        .and_then(|at| lower.get(at..)?.find('>').map(|end| at + end + 1))
        .unwrap_or(0);
    let end = lower
        .rfind("</body")
        .or_else(|| lower.rfind("</html"))
        .unwrap_or(html.len());
    html.get(start..end.max(start)).unwrap_or(html)
}

/// Splits a document before the end of its body, so that more can be put in.
fn open_body(html: &str) -> (&str, &str) {
    let lower = html.to_ascii_lowercase();
    let at = lower
        .rfind("</body")
        .or_else(|| lower.rfind("</html"))
        .unwrap_or(html.len());
    html.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::visible;

    fn original() -> Original<'static> {
        Original {
            from: "Ann \"A\" Lee <ann@a.example>",
            to: "bob@b.example",
            cc: "",
            date: Timestamp::from_micros(1_787_654_474_000_000),
            subject: Some("Plan"),
            text: Some("Shall we?\n\n> Earlier words\n\nOn Monday Bob wrote:\n> hm"),
            html: Some(
                "<html><body class=x><p>Shall we?</p><blockquote>Earlier</blockquote></body></html>",
            ),
        }
    }

    #[test]
    fn subjects_are_not_doubled() {
        assert_eq!(reply_subject(Some("Plan")), "Re: Plan");
        assert_eq!(reply_subject(Some("RE: Plan")), "RE: Plan");
        assert_eq!(reply_subject(Some("AW: Plan")), "AW: Plan");
        assert_eq!(reply_subject(None), "Re:");
        assert_eq!(forward_subject(Some("Re: Plan")), "Fwd: Re: Plan");
        assert_eq!(forward_subject(Some("Fwd: Plan")), "Fwd: Plan");
    }

    #[test]
    fn what_is_put_under_an_answer_is_taken_off_again() {
        for new in [
            "Yes.",
            "Yes.\n\nSecond paragraph:\n- a\n- b\n\n-- \nBob",
            "Ja, gern. On Monday then?",
        ] {
            let whole = reply_text(new, &original());
            assert_eq!(visible(Some(&whole), None).text.as_deref(), Some(new));
        }
        let html = reply_html("<p>Yes.</p>", &original());
        let seen = visible(None, Some(&html));
        assert_eq!(seen.text.as_deref(), Some("Yes."));
        assert!(
            seen.html
                .is_some_and(|html| html.contains("<p>Yes.</p>") && !html.contains("Shall"))
        );
    }

    #[test]
    fn a_forward_keeps_everything_in_sight() {
        let whole = forward_text("See below.", &original());
        assert!(whole.starts_with("See below.\n\n---------- Forwarded message"));
        assert_eq!(
            visible(Some(&whole), None).text.as_deref(),
            Some(whole.trim_end())
        );
    }

    #[test]
    fn a_name_cannot_end_its_line() {
        let hostile = Original {
            from: "x\r\nwrote:\nSubject: y <x@y.example>",
            ..original()
        };
        let text = reply_text("Hi", &hostile);
        assert_eq!(
            text.lines().filter(|line| !line.starts_with('>')).count(),
            4
        );
    }
}

//! Reports in the styles of many mail servers, and what is read out of them. The cases are texts in
//! `tests/dsn`: a name, what is expected, and the mail.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use mail::dsn::{Action, Notice, Original, read};

fn action(action: Action) -> &'static str {
    match action {
        Action::Failed => "failed",
        Action::Delayed => "delayed",
        Action::Delivered => "delivered",
        Action::Relayed => "relayed",
        Action::Expanded => "expanded",
    }
}

fn of_original(original: &Original, lines: &mut Vec<String>) {
    if let Some(id) = &original.message_id {
        lines.push(format!("original {id}"));
    }
    for path in &original.reverse_paths {
        lines.push(format!("path {path}"));
    }
}

/// What was read, in the words of the cases.
fn told(raw: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    match read(raw) {
        Notice::Delivery(report) => {
            for fate in &report.recipients {
                let status = fate.status.map(|status| status.to_string());
                lines.push(format!(
                    "{} {} {} {} {}/{}",
                    action(fate.action),
                    fate.recipient.as_deref().unwrap_or("-"),
                    fate.verdict.class.name(),
                    status.as_deref().unwrap_or("-"),
                    fate.verdict.kind().name(),
                    fate.verdict.sub_type(),
                ));
            }
            of_original(&report.original, &mut lines);
        }
        Notice::Complaint(complaint) => {
            let who = complaint.recipients.join(" ");
            lines.push(
                format!("complaint {} {who}", complaint.feedback_type)
                    .trim()
                    .to_owned(),
            );
            of_original(&complaint.original, &mut lines);
        }
        Notice::Answer => lines.push("answer".to_owned()),
        Notice::Ordinary => lines.push("ordinary".to_owned()),
    }
    lines
}

fn check(file: &str, at_least: usize) {
    let mut cases = 0;
    let mut wrong = Vec::new();
    for case in file.split("=== ").skip(1) {
        let (name, rest) = case.split_once("\n--- expect\n").unwrap();
        let (expected, mail) = rest.split_once("\n--- mail\n").unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        for raw in [mail.to_owned(), mail.replace('\n', "\r\n")] {
            let told = told(raw.as_bytes());
            if told != expected {
                wrong.push(format!(
                    "{name}\n  expected {expected:?}\n  told     {told:?}"
                ));
            }
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= at_least, "only {cases} cases");
}

#[test]
fn reports_with_fields_are_read() {
    check(include_str!("dsn/standard.txt"), 14);
}

#[test]
fn notices_in_words_are_read() {
    check(include_str!("dsn/informal.txt"), 20);
}

#[test]
fn notices_in_other_languages_are_read() {
    check(include_str!("dsn/languages.txt"), 10);
}

#[test]
fn complaints_are_read() {
    check(include_str!("dsn/feedback.txt"), 5);
}

#[test]
fn what_is_no_report_is_told_apart() {
    check(include_str!("dsn/other.txt"), 10);
}

#[test]
fn any_prefix_of_any_case_is_read_without_failing() {
    for file in [
        include_str!("dsn/standard.txt"),
        include_str!("dsn/informal.txt"),
        include_str!("dsn/feedback.txt"),
    ] {
        for at in (0..file.len()).step_by(97) {
            let _ = read(&file.as_bytes()[at..]);
        }
    }
}

//! What a check found.

use std::fmt::Write as _;

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It may be right, or become wrong.
    Warning,
    /// Mail suffers.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: &'static str,
    /// How it is.
    pub status: Status,
    /// What was seen.
    pub detail: String,
    /// The exact thing to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    pub fn warning(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Warning,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    pub fn problem(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            status: Status::Problem,
            ..Self::warning(check, detail, fix)
        }
    }
}

/// The report for people.
pub fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Problem => "problem",
        };
        let _ = writeln!(out, "{status:<8} {:<12} {}", finding.check, finding.detail);
        if let Some(fix) = &finding.fix {
            let _ = writeln!(out, "{:21} -> {fix}", "");
        }
    }
    let count = |status| findings.iter().filter(|one| one.status == status).count();
    let _ = writeln!(
        out,
        "{} problems, {} warnings",
        count(Status::Problem),
        count(Status::Warning)
    );
    out
}

/// The report for programs.
///
/// # Errors
/// Never in practice.
pub fn json(findings: &[Finding]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Report<'a> {
        status: Status,
        checks: &'a [Finding],
    }
    let worst = findings.iter().map(|finding| finding.status).max();
    let mut text = serde_json::to_string_pretty(&Report {
        status: worst.unwrap_or(Status::Ok),
        checks: findings,
    })?;
    text.push('\n');
    Ok(text)
}

//! May this leave? Pure rules over facts that were read before: one file for each family of rules,
//! and `standing`, which reads what they rest on.
//!
//! Every departure passes [`decide`] once, in `outbound::submit`. What it holds becomes a draft
//! (`outbound::hold`) that another identity decides about (`approvals`).

pub(crate) mod budgets;
mod files;
pub(crate) mod leaks;
mod links;
pub(crate) mod loops;
mod policy;
mod reading;
mod standing;
mod taint;
#[cfg(test)]
mod tests;

pub use self::reading::{GateSettings, Tainting};
pub(crate) use self::reading::{Tainted, counts_taint, note_author};
pub(crate) use self::standing::{Question, Standing};

use mail::parse::Parsed;
use mail::{Address, Mailbox, Timestamp};
use model::gate::{Decision, Finding};
use model::inbox::{Inbox, InboxStatus};
use model::list::Verdict;
use model::{Code, Error, Result};

/// Recipients of one message at most, over To, Cc and Bcc.
pub(crate) const MAX_RECIPIENTS: usize = 50;

/// What the decision rests on. All of it was read or composed before: the rules are pure.
pub(crate) struct Facts<'a> {
    /// The sending inbox.
    pub(crate) inbox: &'a Inbox,
    /// Everybody the message goes to.
    pub(crate) recipients: &'a [Mailbox],
    /// Where it asks for answers to go.
    pub(crate) reply_to: &'a [Mailbox],
    /// The finished message, as a reader sees it.
    pub(crate) parsed: &'a Parsed,
    /// What the caller wrote, without the quoted original.
    pub(crate) new_text: Option<&'a str>,
    /// The same as HTML.
    pub(crate) new_html: Option<&'a str>,
    /// Whether it sends another message on.
    pub(crate) is_forward: bool,
    /// Now.
    pub(crate) now: Timestamp,
    /// What is known of the inbox, the key and the people.
    pub(crate) standing: &'a Standing,
}

/// What becomes of a departure.
pub(crate) fn decide(facts: &Facts<'_>) -> Decision {
    policy::decide(facts).and(taint::decide(facts))
}

/// The error that tells a caller that the gate refused a departure.
pub(crate) fn refused(findings: Vec<Finding>) -> Error {
    let fix = findings.first().map(|finding| finding.fix.clone());
    let detail = format!("Message rejected: {}", told(&findings));
    Error::new(Code::MessageRejected, detail)
        .fix(fix.unwrap_or_default())
        .findings(findings)
}

/// The details of findings, as one text.
pub(crate) fn told(findings: &[Finding]) -> String {
    let details: Vec<&str> = findings.iter().map(|one| one.detail.as_str()).collect();
    details.join(" ")
}

/// Checks what can be known of a departure before it is composed.
///
/// # Errors
/// `inbox_paused`, or `validation_error` for too many or no recipients.
pub(crate) fn check_shape(inbox: &Inbox, recipients: &[Mailbox]) -> Result<()> {
    if inbox.status == InboxStatus::Paused {
        return Err(Error::new(Code::InboxPaused, "This inbox is paused")
            .fix("Set the status of the inbox to active, then send again."));
    }
    if recipients.is_empty() {
        return Err(Error::invalid(
            "to",
            "invalid_value",
            "to, cc, or bcc must be specified",
        ));
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(
            Error::invalid("to", "too_big", "A message has at most 50 recipients")
                .fix("Send several messages with at most 50 recipients each."),
        );
    }
    Ok(())
}

/// Lets a departure pass unless the lists of its inbox, pod or organisation bar a recipient.
///
/// # Errors
/// `message_rejected`, naming every recipient that is barred.
pub(crate) fn admit(barred: &[(Address, Verdict)]) -> Result<()> {
    if barred.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = barred
        .iter()
        .map(|(address, verdict)| format!("{address} ({})", verdict.reason()))
        .collect();
    let detail = format!(
        "Message rejected: Recipient(s) blocked: {}",
        named.join(", ")
    );
    Err(Error::new(Code::MessageRejected, detail).fix(
        "Leave these recipients out, or change the send lists of the inbox, its pod or the \
         organization; nothing was sent.",
    ))
}

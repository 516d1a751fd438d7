//! May this leave? Pure rules over facts that were read before.

use mail::{Address, Mailbox};
use model::inbox::{Inbox, InboxStatus};
use model::list::Verdict;
use model::{Code, Error, Result};

/// Recipients of one message at most, over To, Cc and Bcc.
pub(crate) const MAX_RECIPIENTS: usize = 50;

/// What the decision rests on.
pub(crate) struct Facts<'a> {
    /// The sending inbox.
    pub(crate) inbox: &'a Inbox,
    /// Everybody the message goes to.
    pub(crate) recipients: &'a [Mailbox],
}

/// Lets a departure pass or says why not.
///
/// # Errors
/// `inbox_paused`, or `validation_error` for too many or no recipients.
pub(crate) fn decide(facts: &Facts<'_>) -> Result<()> {
    if facts.inbox.status == InboxStatus::Paused {
        return Err(Error::new(Code::InboxPaused, "This inbox is paused")
            .fix("Set the status of the inbox to active, then send again."));
    }
    if facts.recipients.is_empty() {
        return Err(Error::invalid(
            "to",
            "invalid_value",
            "to, cc, or bcc must be specified",
        ));
    }
    if facts.recipients.len() > MAX_RECIPIENTS {
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

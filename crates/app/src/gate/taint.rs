//! What a key may do that was shown mail of strangers, or counts as shown it.
//!
//! It may answer the people on the thread and write to whom the inbox knew before. Whoever else a
//! message goes to, or whatever could carry data to somebody else, waits for another identity.

use mail::Mailbox;
use model::gate::{Decision, Finding};

use super::{Facts, links};

/// Findings of one kind that are told.
const MOST: usize = 5;

pub(super) fn decide(facts: &Facts<'_>) -> Decision {
    let standing = facts.standing;
    let Some(since) = standing.taint.since(standing.thread) else {
        return Decision::Pass;
    };
    let cause = standing.taint.cause();
    let mut found = Vec::new();
    let strange = |to: &&Mailbox| !is_free(facts, to, since);
    let recipients = facts.recipients.iter().filter(strange).take(MOST);
    found.extend(recipients.map(|to| {
        let (rule, detail) = if facts.is_forward {
            ("forward_while_tainted", format!(
                "{cause}, and this would send a message on to {}, who is not in its thread.", to.address
            ))
        } else {
            ("new_recipient_while_tainted", format!(
                "{cause}, and {} is neither in this thread nor somebody this inbox knew before.", to.address
            ))
        };
        Finding::new(
            rule,
            detail,
            standing.taint.advice(
                "Answer only people in the thread, or wait until somebody else has approved this; an allow entry \
                 on the send list of the inbox lets a recipient pass.",
            ),
        )
    }));
    let answers = facts.reply_to.iter().filter(strange).take(MOST);
    found.extend(answers.map(|to| {
        Finding::new(
            "reply_to_while_tainted",
            format!("{cause}, and answers would go to {}.", to.address),
            standing.taint.advice("Leave reply_to out."),
        )
    }));
    let carried = links::that_carry(facts);
    found.extend(carried.into_iter().take(MOST).map(|host| {
        Finding::new(
            "link_while_tainted",
            format!("{cause}, and a link to {host} carries data."),
            standing
                .taint
                .advice("Leave the link out, or write it without parameters."),
        )
    }));
    if !standing.foreign_files.is_empty() {
        found.push(Finding::new(
            "attachment_while_tainted",
            format!("{cause}, and an attachment is from another thread."),
            standing
                .taint
                .advice("Attach files of this thread, or of your own."),
        ));
    }
    Decision::hold(found)
}

/// Whether an address may be written to although the key is tainted.
fn is_free(facts: &Facts<'_>, to: &Mailbox, since: i64) -> bool {
    let (standing, key) = (facts.standing, to.address.key());
    let known_before = || {
        let mut known = standing.known.iter();
        known.any(|known| known.address == key && known.since.as_micros() < since)
    };
    key == facts.inbox.inbox_id.as_str()
        || standing.in_thread.contains(&key)
        || standing.is_allowed(&to.address)
        // What is sent on is somebody else's: knowing the recipient is not enough.
        || (!facts.is_forward && (standing.met.contains(&key) || known_before()))
}

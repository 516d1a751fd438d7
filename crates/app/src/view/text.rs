//! The view as text, for prompts that take no JSON.

use std::fmt::Write as _;

use wire::{MessageView, ThreadView, ViewedMessage};

/// How a view is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Plain text.
    Text,
    /// Markdown in which nothing that a stranger wrote is drawn: no link, no picture.
    Markdown,
}

impl Form {
    /// One message.
    #[must_use]
    pub fn of_message(self, view: &MessageView) -> String {
        let mut out = format!("{}\n\n", view.notice);
        self.message(&mut out, &view.message);
        out
    }

    /// A thread.
    #[must_use]
    pub fn of_thread(self, view: &ThreadView) -> String {
        let mut out = format!("{}\n\n", view.notice);
        let _ = writeln!(out, "Thread {} of {}", view.thread_id, view.inbox_id);
        if view.omitted_messages > 0 {
            let _ = writeln!(out, "Earlier messages left out: {}", view.omitted_messages);
        }
        for (index, message) in view.messages.iter().enumerate() {
            let heading = if self == Self::Markdown { "## " } else { "" };
            let _ = writeln!(
                out,
                "\n{heading}Message {} of {}",
                index + 1,
                view.messages.len()
            );
            self.message(&mut out, message);
        }
        out
    }

    fn message(self, out: &mut String, one: &ViewedMessage) {
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "{name}: {value}");
        };
        line("Direction", &one.direction);
        line("Time", &one.timestamp);
        line("Message-ID", &self.inline(&one.message_id));
        line("From", &self.inline(&one.from_));
        if let Some(sender) = &one.sender {
            let proven = if sender.proven { "yes" } else { "no" };
            let reason = sender.reason.as_deref().unwrap_or("nobody looked");
            line("Sender proven", &format!("{proven} ({reason})"));
            if let Some(standing) = &sender.standing {
                line("Sender standing", standing);
            }
            if let Some(alike) = &sender.look_alike {
                line("Sender looks like", &self.inline(alike));
            }
        }
        for (name, people) in [("To", &one.to), ("Cc", &one.cc)] {
            for person in people {
                line(name, &self.inline(person));
            }
        }
        if let Some(subject) = &one.subject {
            line("Subject", &self.inline(subject));
        }
        if let Some(verdict) = &one.verdict {
            let reasons = if one.reasons.is_empty() {
                String::new()
            } else {
                format!(" ({})", one.reasons.join(", "))
            };
            line("Screen", &format!("{verdict}{reasons}"));
        }
        if let Some(hidden) = &one.hidden {
            let (count, how) = (hidden.count, hidden.techniques.join(", "));
            line("Hidden text left out", &format!("{count} ({how})"));
        }
        for file in &one.attachments {
            let name = file.filename.as_deref().map(|name| self.inline(name));
            let kind = file.content_type.as_deref().map(|kind| self.inline(kind));
            let shown: Vec<String> = [name, kind].into_iter().flatten().collect();
            let (id, size) = (&file.attachment_id, file.size);
            line(
                "Attachment",
                &format!("{id}, {size} octets {}", shown.join(" ")),
            );
        }
        if one.truncated {
            line("Text", "cut; the message has more");
        }
        if let Some(text) = &one.text {
            let _ = writeln!(out, "\n{}", self.block(text));
        }
    }

    /// A fenced line. In Markdown it is code, so that nothing in it is drawn.
    fn inline(self, fenced: &str) -> String {
        match self {
            Self::Text => fenced.to_owned(),
            Self::Markdown => {
                let ticks = "`".repeat(longest_run(fenced) + 1);
                format!("{ticks} {fenced} {ticks}")
            }
        }
    }

    fn block(self, fenced: &str) -> String {
        match self {
            Self::Text => fenced.to_owned(),
            Self::Markdown => {
                let ticks = "`".repeat((longest_run(fenced) + 1).max(3));
                format!("{ticks}text\n{fenced}\n{ticks}")
            }
        }
    }
}

/// The longest run of back-ticks.
fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

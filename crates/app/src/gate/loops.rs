//! Answers that go round in circles: the mark that counts them, and mail that no machine answers.
//!
//! What leaves carries `Mailroost-Loop`: how many answers of machines led to it, and a code that only
//! this server can make. A person's mail program does not copy the field, so that a person's answer
//! begins anew; another agent of this server goes on counting, and another server of this kind hands
//! the mark back.

use model::fact::Fact;
use model::message::Direction;
use model::{Code, Error, Result};
use subtle::ConstantTimeEq as _;

/// The field.
pub(crate) const FIELD: &str = "Mailroost-Loop";

/// Marks of other servers that are handed on.
const FOREIGN: usize = 4;

/// Octets of the longest mark that is read.
const LONGEST: usize = 128;

/// Makes and recognises marks.
pub(crate) struct LoopMarks {
    key: [u8; 32],
}

/// What a message that is answered or sent on says of the conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preceding {
    /// Its marks as they stand there.
    marks: Vec<String>,
    /// Whether the inbox itself has sent it.
    own: bool,
    /// Why no machine answers it.
    pub(crate) automatic: Option<Fact>,
}

impl Preceding {
    /// What `headers` and `facts` say. `in_thread`: whether the inbox has written in its thread.
    pub(crate) fn of(
        headers: &[(String, String)],
        facts: &[Fact],
        direction: Direction,
        in_thread: bool,
    ) -> Self {
        let marks = headers
            .iter()
            .filter(|(name, value)| name.eq_ignore_ascii_case(FIELD) && value.len() <= LONGEST);
        let marks: Vec<String> = marks.map(|(_, value)| value.trim().to_owned()).collect();
        let own = direction == Direction::Sent;
        let automatic = (!own)
            .then(|| {
                facts
                    .iter()
                    .find(|fact| bars(fact, !marks.is_empty(), in_thread))
            })
            .flatten();
        Self {
            automatic: automatic.cloned(),
            marks,
            own,
        }
    }
}

impl Preceding {
    /// The same where machines may answer.
    pub(crate) fn answerable(self) -> Self {
        Self {
            automatic: None,
            ..self
        }
    }
}

/// Whether a fact keeps machines from answering. Agents mark their mail as machines do (RFC 3834);
/// what has a mark of ours is left to its counter and to the budgets.
fn bars(fact: &Fact, is_marked: bool, in_thread: bool) -> bool {
    match fact.kind.as_str() {
        "bounce" | "receipt" | "complaint" | "null_sender" | "mailing_list" => true,
        "auto_reply" => !is_marked,
        // Help desks write to everybody through bulk senders: an answer to us is no mailing. Which
        // feedback a sender wants says nothing about the mail.
        "bulk" => !in_thread && !fact.evidence.starts_with("Feedback-ID"),
        _ => false,
    }
}

impl LoopMarks {
    /// With a key that is derived from the master key.
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn code(&self, count: u32, nonce: &str) -> String {
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        hash.update(&count.to_be_bytes()).update(nonce.as_bytes());
        let mut code = [0; 16];
        hash.finalize_xof().fill(&mut code);
        data_encoding::HEXLOWER.encode(&code)
    }

    /// The mark of a message to which `count` answers of machines led, itself among them.
    pub(crate) fn write(&self, count: u32, nonce: [u8; 8]) -> String {
        let nonce = data_encoding::HEXLOWER.encode(&nonce);
        format!("{count}; {nonce}; {}", self.code(count, &nonce))
    }

    /// The count of a mark of ours.
    fn read(&self, mark: &str) -> Option<u32> {
        let mut parts = mark.split(';').map(str::trim);
        let count = parts.next()?.parse().ok()?;
        let (nonce, code) = (parts.next()?, parts.next()?);
        let own = self.code(count, nonce);
        bool::from(own.as_bytes().ct_eq(code.as_bytes())).then_some(count)
    }

    /// The place in the row of a message that follows `before`, and the marks of others that it
    /// hands on.
    pub(crate) fn next(&self, before: Option<&Preceding>) -> (u32, Vec<String>) {
        let Some(before) = before else {
            return (1, Vec::new());
        };
        let mut count = 0;
        let mut others = Vec::new();
        for mark in &before.marks {
            match self.read(mark) {
                Some(own) => count = count.max(own),
                None if others.len() < FOREIGN => others.push(mark.clone()),
                None => {}
            }
        }
        // Who goes on with a message of his own answers nobody.
        let step = u32::from(!before.own);
        (count.saturating_add(step).max(1), others)
    }
}

/// The refusal to answer what a machine sent.
pub(crate) fn automatic(fact: &Fact) -> Error {
    let what = match fact.kind.as_str() {
        "bounce" => "a report about mail that could not be delivered",
        "receipt" => "a receipt",
        "complaint" => "a complaint report",
        "null_sender" => "mail without a return address",
        "mailing_list" => "mail of a mailing list",
        "bulk" => "a mass mailing",
        _ => "an automatic answer",
    };
    let detail = format!(
        "The message is {what} ({}); it was not answered",
        fact.evidence
    );
    Error::new(Code::AutomaticMail, detail).fix(
        "Do nothing, or write to a person with a new message; a draft that another key sends, and \
         `force` with a key that has loop_override, answer it all the same.",
    )
}

/// Refuses what would go round once more.
///
/// # Errors
/// `loop_detected`.
pub(crate) fn within(count: u32, most: u32) -> Result<()> {
    if most == 0 || count <= most {
        return Ok(());
    }
    let detail = format!(
        "Machines have answered one another {} times in a row; nothing was sent",
        count.saturating_sub(1)
    );
    Err(Error::new(Code::LoopDetected, detail).fix(
        "Stop answering. A person can go on: with a draft that another key sends, or `force` with a \
         key that has loop_override.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preceding(marks: &[&str], direction: Direction) -> Preceding {
        let headers: Vec<_> = marks
            .iter()
            .map(|mark| (FIELD.to_lowercase(), (*mark).to_owned()))
            .collect();
        Preceding::of(&headers, &[], direction, false)
    }

    fn fact(kind: &str, evidence: &str) -> Fact {
        Fact {
            kind: kind.to_owned(),
            evidence: evidence.to_owned(),
            ..Fact::default()
        }
    }

    #[test]
    fn the_counter_goes_on_through_answers_and_begins_anew_without_a_mark() {
        let marks = LoopMarks::new([1; 32]);
        assert_eq!(marks.next(None).0, 1);
        let mut count = 1;
        for expected in 2..20 {
            let mark = marks.write(count, [7; 8]);
            count = marks
                .next(Some(&preceding(&[&mark], Direction::Received)))
                .0;
            assert_eq!(count, expected);
            assert_eq!(within(count, 10).is_ok(), count <= 10);
        }
        assert_eq!(marks.next(Some(&preceding(&[], Direction::Received))).0, 1);
        assert!(within(1_000, 0).is_ok());
    }

    #[test]
    fn going_on_with_a_message_of_ones_own_is_no_answer() {
        let marks = LoopMarks::new([1; 32]);
        let mark = marks.write(4, [7; 8]);
        assert_eq!(marks.next(Some(&preceding(&[&mark], Direction::Sent))).0, 4);
        assert_eq!(marks.next(Some(&preceding(&[], Direction::Sent))).0, 1);
    }

    #[test]
    fn a_mark_that_was_made_up_or_changed_counts_for_nothing_and_a_few_are_handed_on() {
        let marks = LoopMarks::new([1; 32]);
        let own = marks.write(3, [7; 8]);
        let other = LoopMarks::new([2; 32]).write(9, [7; 8]);
        let raised = own.replacen('3', "9", 1);
        let before = preceding(
            &[&other, &own, &raised, "", "x", ";;", "1"],
            Direction::Received,
        );
        let (count, others) = marks.next(Some(&before));
        assert_eq!(count, 4);
        assert_eq!(others.len(), FOREIGN);
        assert_eq!(others[0], other);
        let long = "1;".repeat(LONGEST);
        let (_, others) = marks.next(Some(&preceding(&[&long], Direction::Received)));
        assert!(others.is_empty());
    }

    #[test]
    fn machines_are_not_answered_and_people_and_agents_are() {
        let barred = |kind: &str, evidence: &str, marked: bool, in_thread: bool| {
            bars(&fact(kind, evidence), marked, in_thread)
        };
        for kind in [
            "bounce",
            "receipt",
            "complaint",
            "null_sender",
            "mailing_list",
            "auto_reply",
        ] {
            assert!(barred(kind, "x", false, true), "{kind}");
        }
        assert!(!barred("auto_reply", "x", true, false));
        assert!(barred("bulk", "Precedence: bulk", false, false));
        assert!(!barred("bulk", "List-Unsubscribe: <x>", false, true));
        assert!(!barred("bulk", "Feedback-ID: x", false, false));
        for kind in ["auto_generated", "calendar"] {
            assert!(!barred(kind, "x", false, false), "{kind}");
        }
        let own = Preceding::of(&[], &[fact("bounce", "x")], Direction::Sent, true);
        assert!(own.automatic.is_none());
    }
}

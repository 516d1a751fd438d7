//! What an answer means for a delivery: a pure function from the outcome of a try to the next state.

use std::fmt::Write as _;
use std::time::Duration;

use smtp::client::{Outcome, Stage};
use store::DeliveryState;

use super::settings::Patience;

/// Octets of a reply that are kept with a delivery.
const KEPT: usize = 1000;

/// How a try ended for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// What follows from it.
    pub(crate) fate: Fate,
    /// How far the conversation had come.
    pub(crate) stage: &'static str,
    /// The code of the reply, if there was one.
    pub(crate) code: Option<u16>,
    /// The enhanced status code.
    pub(crate) enhanced: (u16, u16, u16),
    /// The words of the other server, or ours where it had none.
    pub(crate) words: String,
}

/// What follows from a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Somebody else is responsible now.
    Taken,
    /// Another try may do better.
    Later,
    /// No try will.
    Never,
}

/// The state that an ending leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The state.
    pub(crate) state: DeliveryState,
    /// In words, for the sender.
    pub(crate) detail: String,
    /// Whether the sender should know by now that it takes longer.
    pub(crate) late: bool,
    /// Whether it was given up for its age: nothing is wrong with the address as far as we know.
    pub(crate) expired: bool,
}

impl Ending {
    /// An ending that has no reply of another server.
    pub(crate) fn own(
        fate: Fate,
        stage: &'static str,
        enhanced: (u16, u16, u16),
        words: impl Into<String>,
    ) -> Self {
        Self {
            fate,
            stage,
            code: None,
            enhanced,
            words: bounded(words.into()),
        }
    }

    /// What became of a recipient in a transaction.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let (fate, failure) = match outcome {
            Outcome::Accepted(reply) => {
                return Self {
                    fate: Fate::Taken,
                    stage: Stage::EndOfData.as_str(),
                    code: Some(reply.code),
                    enhanced: reply.enhanced.unwrap_or((2, 0, 0)),
                    words: bounded(reply.to_string()),
                };
            }
            // After the final dot nobody knows. RFC 5321 §6.1: rather twice than never.
            Outcome::PutOff(failure) | Outcome::Unknown(failure) => (Fate::Later, failure),
            Outcome::Refused(failure) => (Fate::Never, failure),
        };
        let (class, subject, detail) = failure.enhanced();
        // RFC 3463 §2: the class follows what is done, not what was said.
        let class = match fate {
            Fate::Taken => class,
            Fate::Later => 4,
            Fate::Never => 5,
        };
        Self {
            fate,
            stage: failure.stage.as_str(),
            code: failure.reply().map(|reply| reply.code),
            enhanced: (class, subject, detail),
            words: bounded(failure.cause.to_string()),
        }
    }

    /// The words with a status code in front, unless they begin with one.
    pub(crate) fn status(&self) -> String {
        if self.code.is_some() || self.words.starts_with(|c: char| c.is_ascii_digit()) {
            return self.words.clone();
        }
        let (class, subject, detail) = self.enhanced;
        let code = if class == 5 { 554 } else { 451 };
        let mut text = format!("{code} {class}.{subject}.{detail} ");
        let _ = write!(text, "{}", self.words);
        text
    }
}

/// Text of a stranger, as much of it as is kept, without what databases do not take.
pub(crate) fn bounded(mut text: String) -> String {
    if text.len() > KEPT {
        let end = (0..=KEPT).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    if text.contains('\0') {
        text = text.replace('\0', "\u{fffd}");
    }
    text
}

/// What the ending of a try means for a delivery that is `age` old.
pub(crate) fn verdict(ending: &Ending, age: Duration, patience: &Patience) -> Verdict {
    let over = age >= patience.keep_trying;
    let (state, detail) = match ending.fate {
        Fate::Taken => (DeliveryState::Delivered, ending.words.clone()),
        Fate::Never => (DeliveryState::Bounced, ending.status()),
        Fate::Later if over => {
            let tried = told(patience.keep_trying);
            let detail = format!(
                "554 4.4.7 Given up after {tried}. The last answer: {}",
                ending.status()
            );
            (DeliveryState::Bounced, detail)
        }
        Fate::Later => (DeliveryState::Deferred, ending.status()),
    };
    Verdict {
        state,
        detail: bounded(detail),
        late: state == DeliveryState::Deferred && age >= patience.delay_notice,
        expired: state == DeliveryState::Bounced && ending.fate == Fate::Later,
    }
}

fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (days @ 1.., ..) => format!("{days} days"),
        (_, hours @ 1.., _) => format!("{hours} hours"),
        (.., minutes @ 1..) => format!("{minutes} minutes"),
        _ => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use smtp::client::{Cause, Failure, RemoteReply};

    use super::*;

    const PATIENCE: Patience = Patience {
        first_pause: Duration::from_secs(120),
        delay_notice: Duration::from_secs(4 * 3600),
        keep_trying: Duration::from_secs(5 * 86_400),
    };

    fn reply(code: u16, enhanced: Option<(u16, u16, u16)>, text: &str) -> RemoteReply {
        RemoteReply {
            code,
            enhanced,
            text: text.to_owned(),
        }
    }

    fn failure(stage: Stage, cause: Cause) -> Failure {
        Failure { stage, cause }
    }

    fn judged(outcome: &Outcome, hours: u64) -> Verdict {
        let age = Duration::from_secs(hours * 3600);
        verdict(&Ending::of(outcome), age, &PATIENCE)
    }

    #[test]
    fn the_state_follows_from_the_outcome_and_the_age() {
        use DeliveryState::{Bounced, Deferred, Delivered};
        let accepted = Outcome::Accepted(reply(250, Some((2, 0, 0)), "queued as 1"));
        let refused = Outcome::Refused(failure(
            Stage::Rcpt,
            Cause::Reply(reply(550, Some((5, 1, 1)), "no such user")),
        ));
        let greylisted = Outcome::PutOff(failure(
            Stage::Rcpt,
            Cause::Reply(reply(451, Some((4, 7, 1)), "come back")),
        ));
        let unknown = Outcome::Unknown(failure(
            Stage::EndOfData,
            Cause::Lost("the server closed it".to_owned()),
        ));
        let lost = Outcome::PutOff(failure(Stage::Mail, Cause::Late));
        let dot = "451 4.4.2 the connection was lost: the server closed it";
        let given_up = "554 4.4.7 Given up after 5 days. The last answer: ";
        let too_old = format!("{given_up}451 4.7.1 come back");
        let too_old_unknown = format!("{given_up}{dot}");
        // outcome, hours, state, whether it is late or given up for its age, words
        let table: [(&Outcome, u64, DeliveryState, &str, &str); 10] = [
            (&accepted, 0, Delivered, "", "250 2.0.0 queued as 1"),
            (&accepted, 200, Delivered, "", "250 2.0.0 queued as 1"),
            (&refused, 0, Bounced, "", "550 5.1.1 no such user"),
            (&refused, 200, Bounced, "", "550 5.1.1 no such user"),
            (&greylisted, 0, Deferred, "", "451 4.7.1 come back"),
            (&greylisted, 4, Deferred, "late", "451 4.7.1 come back"),
            (&greylisted, 120, Bounced, "expired", &too_old),
            (&unknown, 0, Deferred, "", dot),
            (&unknown, 121, Bounced, "expired", &too_old_unknown),
            (
                &lost,
                5,
                Deferred,
                "late",
                "451 4.4.2 the server took too long",
            ),
        ];
        for (outcome, hours, state, age, detail) in table {
            let expected = Verdict {
                state,
                detail: detail.to_owned(),
                late: age == "late",
                expired: age == "expired",
            };
            assert_eq!(judged(outcome, hours), expected, "{outcome:?} {hours}");
        }
    }

    #[test]
    fn what_the_server_lacks_is_refused_with_our_own_code() {
        let outcome = Outcome::Refused(failure(
            Stage::Mail,
            Cause::Unsendable {
                enhanced: (5, 6, 7),
                text: "the server does not take addresses outside ASCII",
            },
        ));
        let judged = judged(&outcome, 0);
        assert_eq!(judged.state, DeliveryState::Bounced);
        assert_eq!(
            judged.detail,
            "5.6.7 the server does not take addresses outside ASCII"
        );
    }

    #[test]
    fn long_replies_are_cut_at_a_character() {
        let cut = bounded("ä".repeat(800));
        assert!(cut.len() <= KEPT + 3 && cut.ends_with('…'), "{}", cut.len());
        assert_eq!(bounded("a\0b".to_owned()), "a\u{fffd}b");
    }
}

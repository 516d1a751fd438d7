//! One message: MAIL, RCPT, DATA and the message itself.

use std::collections::VecDeque;

use super::content::Content;
use super::{Cause, Failure, Mail, Offers, Outcome, RemoteReply, Stage};

/// Octets of commands that are sent before their replies are read. Small enough for the buffers of
/// both sockets, so that the two sides never wait for each other (RFC 2920 §3.1).
const GROUP: usize = 8 << 10;

/// What the transaction asks of the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Write this and ask again.
    Write(Vec<u8>),
    /// Read a reply and give it to [`Transaction::replied`].
    Read(Stage),
    /// Write the message with its dots stuffed and its end, then call [`Transaction::written`].
    Content,
    /// It is over; the connection is good for another message, after RSET when that is said.
    Done {
        /// Whether the server still thinks itself inside the transaction.
        reset: bool,
    },
    /// It is over, and so is the connection.
    Broken,
}

/// The transaction with one server, without sockets.
#[derive(Debug)]
pub struct Transaction<'a> {
    mail: Mail<'a>,
    offers: &'a Offers,
    content: Content,
    outcomes: Vec<Option<Outcome>>,
    /// RSET has to go first.
    reset: bool,
    next: Next,
    awaited: VecDeque<Awaited>,
    /// The recipients that the server took.
    taken: usize,
    mail_taken: bool,
    /// The final dot may be on its way.
    ended: bool,
    broken: bool,
}

/// The command that is sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Mail,
    Rcpt(usize),
    Data,
    /// The message; `empty` when the server asked for it without having taken a recipient.
    Content {
        empty: bool,
    },
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Reset,
    Mail,
    Rcpt(usize),
    Data,
    /// The reply to the message; the recipients depend on it unless it was `empty`.
    Message {
        empty: bool,
    },
}

impl Awaited {
    fn stage(self) -> Stage {
        match self {
            Self::Reset | Self::Mail => Stage::Mail,
            Self::Rcpt(_) => Stage::Rcpt,
            Self::Data => Stage::Data,
            Self::Message { .. } => Stage::EndOfData,
        }
    }
}

impl<'a> Transaction<'a> {
    /// A message for a server with these offers. `reset` says that RSET has to go first.
    #[must_use]
    pub fn new(mail: Mail<'a>, offers: &'a Offers, reset: bool) -> Self {
        let mut transaction = Self {
            mail,
            offers,
            content: Content::of(mail.raw),
            outcomes: vec![None; mail.recipients.len()],
            reset,
            next: Next::Mail,
            awaited: VecDeque::new(),
            taken: 0,
            mail_taken: false,
            ended: false,
            broken: false,
        };
        transaction.refuse_what_cannot_be_sent();
        transaction
    }

    /// What to do now.
    pub fn ask(&mut self) -> Asked {
        if self.broken {
            return Asked::Broken;
        }
        if let Some(awaited) = self.awaited.front() {
            return Asked::Read(awaited.stage());
        }
        match self.next {
            Next::Mail if self.outcomes.iter().all(Option::is_some) => {
                Asked::Done { reset: self.reset }
            }
            // All recipients are refused, so there is nothing to send.
            Next::Data if self.taken == 0 => Asked::Done {
                reset: self.mail_taken,
            },
            Next::Mail | Next::Rcpt(_) | Next::Data => Asked::Write(self.group()),
            Next::Content { empty: true } => {
                self.next = Next::Nothing;
                self.awaited.push_back(Awaited::Message { empty: true });
                Asked::Write(b".\r\n".to_vec())
            }
            Next::Content { empty: false } => Asked::Content,
            Next::Nothing => Asked::Done {
                reset: self.mail_taken,
            },
        }
    }

    /// The message is written, as a whole.
    pub fn written(&mut self) {
        self.next = Next::Nothing;
        self.ended = true;
        self.awaited.push_back(Awaited::Message { empty: false });
    }

    /// The last octets of the message are about to be written: whatever happens from here on, the
    /// server may have the message.
    pub fn ending(&mut self) {
        self.ended = true;
    }

    /// Takes the reply that was asked for.
    pub fn replied(&mut self, reply: RemoteReply) {
        let Some(awaited) = self.awaited.pop_front() else {
            self.failed(Stage::Mail, Cause::NotSmtp("a reply to no command"));
            return;
        };
        let stage = awaited.stage();
        if reply.closes() {
            // Refused for now, whatever was asked; the final dot included.
            self.ended = false;
            self.failed(stage, Cause::Reply(reply));
            return;
        }
        let fits = match awaited {
            Awaited::Data => reply.code == 354 || reply.code >= 400,
            _ => reply.is_ok() || reply.code >= 400,
        };
        if !fits {
            let cause = Cause::NotSmtp("the reply does not fit the command");
            self.failed(stage, cause);
            return;
        }
        match awaited {
            // Nobody depends on it; a server that is still inside a transaction refuses MAIL.
            Awaited::Reset => {}
            Awaited::Mail if reply.is_ok() => self.mail_taken = true,
            Awaited::Mail => {
                self.open(|outcome| *outcome = Some(judged(stage, &reply)));
                // What was sent ahead is answered yet; the rest is not sent.
                self.next = Next::Nothing;
            }
            Awaited::Rcpt(index) => self.recipient(index, &reply),
            // Recipients without a sender: whatever it would do with a message, it is wrong.
            Awaited::Data if reply.code == 354 && self.taken > 0 && !self.mail_taken => {
                let cause = Cause::NotSmtp("it takes recipients after refusing the sender");
                self.failed(stage, cause);
            }
            Awaited::Data if reply.code == 354 => {
                let empty = self.taken == 0;
                self.next = Next::Content { empty };
            }
            Awaited::Data => {
                self.open(|outcome| *outcome = Some(judged(stage, &reply)));
                self.next = Next::Nothing;
            }
            Awaited::Message { empty } => {
                self.mail_taken = false;
                if !empty {
                    self.open(|outcome| *outcome = Some(judged(stage, &reply)));
                }
            }
        }
    }

    /// The server said this instead of taking what was written, and the connection is over.
    pub fn cut_short(&mut self, stage: Stage, reply: &RemoteReply) {
        self.open(|outcome| *outcome = Some(judged(stage, reply)));
        self.awaited.clear();
        self.broken = true;
    }

    /// The connection cannot be used any more.
    pub fn failed(&mut self, stage: Stage, cause: Cause) {
        let failure = Failure { stage, cause };
        let ended = self.ended;
        self.open(|outcome| {
            let failure = failure.clone();
            *outcome = Some(if ended {
                Outcome::Unknown(failure)
            } else {
                Outcome::PutOff(failure)
            });
        });
        self.awaited.clear();
        self.broken = true;
    }

    /// What became of each recipient, in the order of [`Mail::recipients`].
    #[must_use]
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let open = || {
            Outcome::PutOff(Failure {
                stage: Stage::Mail,
                cause: Cause::NotSmtp("the transaction was not finished"),
            })
        };
        let outcomes = self.outcomes.into_iter();
        outcomes
            .map(|outcome| outcome.unwrap_or_else(open))
            .collect()
    }

    /// Changes every outcome that is not settled.
    fn open(&mut self, mut settle: impl FnMut(&mut Option<Outcome>)) {
        self.outcomes
            .iter_mut()
            .filter(|outcome| outcome.is_none())
            .for_each(&mut settle);
    }

    fn recipient(&mut self, index: usize, reply: &RemoteReply) {
        if reply.is_ok() {
            self.taken += 1;
        } else if let Some(outcome @ None) = self.outcomes.get_mut(index) {
            *outcome = Some(judged(Stage::Rcpt, reply));
        }
    }

    /// The next commands: one, or a group for a server with PIPELINING.
    fn group(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.reset && self.next == Next::Mail {
            self.reset = false;
            out.extend_from_slice(b"RSET\r\n");
            self.awaited.push_back(Awaited::Reset);
            if !self.offers.pipelining {
                return out;
            }
        }
        while out.len() < GROUP {
            match self.next {
                Next::Mail => {
                    out.extend_from_slice(self.mail_command().as_bytes());
                    self.awaited.push_back(Awaited::Mail);
                    self.next = self.after(None);
                }
                Next::Rcpt(index) => {
                    if let Some(to) = self.mail.recipients.get(index) {
                        out.extend_from_slice(format!("RCPT TO:<{to}>\r\n").as_bytes());
                        self.awaited.push_back(Awaited::Rcpt(index));
                    }
                    self.next = self.after(Some(index));
                }
                Next::Data => {
                    out.extend_from_slice(b"DATA\r\n");
                    self.awaited.push_back(Awaited::Data);
                    // The reply says what is next.
                    self.next = Next::Nothing;
                }
                Next::Content { .. } | Next::Nothing => break,
            }
            if !self.offers.pipelining {
                break;
            }
        }
        out
    }

    /// The next recipient after this one that is not refused already, or DATA.
    fn after(&self, index: Option<usize>) -> Next {
        let from = index.map_or(0, |index| index + 1);
        let open = self.outcomes.iter().skip(from).position(Option::is_none);
        open.map_or(Next::Data, |at| Next::Rcpt(from + at))
    }

    fn mail_command(&self) -> String {
        let mut line = match self.mail.reverse_path {
            Some(from) => format!("MAIL FROM:<{from}>"),
            None => "MAIL FROM:<>".to_owned(),
        };
        if self.offers.size.is_some() {
            line.push_str(&format!(" SIZE={}", self.content.size));
        }
        if self.content.eight_bit && self.offers.eight_bit {
            line.push_str(" BODY=8BITMIME");
        }
        if self.needs_utf8() && self.offers.smtputf8 {
            line.push_str(" SMTPUTF8");
        }
        line.push_str("\r\n");
        line
    }

    fn needs_utf8(&self) -> bool {
        let mut open = self.mail.recipients.iter().zip(&self.outcomes);
        self.whole_needs_utf8() || open.any(|(to, outcome)| outcome.is_none() && !to.is_ascii())
    }

    fn whole_needs_utf8(&self) -> bool {
        self.mail.smtputf8 || self.mail.reverse_path.is_some_and(|from| !from.is_ascii())
    }

    fn refuse_what_cannot_be_sent(&mut self) {
        let offers = self.offers;
        let too_large = offers
            .size
            .is_some_and(|most| most > 0 && self.content.size > most);
        let whole = if self.content.bare_line_end {
            let text = "The message has a CR or LF that is not part of CRLF";
            Some((Stage::Content, (5, 6, 0), text))
        } else if too_large {
            let text = "The message is larger than the server takes";
            Some((Stage::Mail, (5, 3, 4), text))
        } else if self.whole_needs_utf8() && !offers.smtputf8 {
            let text = "The message needs SMTPUTF8, which the server does not offer";
            Some((Stage::Mail, (5, 6, 7), text))
        } else if self.content.eight_bit && !offers.eight_bit {
            let text = "The message needs 8BITMIME, which the server does not offer";
            Some((Stage::Mail, (5, 6, 3), text))
        } else {
            None
        };
        if let Some((stage, enhanced, text)) = whole {
            self.open(|outcome| *outcome = Some(unsendable(stage, enhanced, text)));
        } else if !offers.smtputf8 {
            for (outcome, to) in self.outcomes.iter_mut().zip(self.mail.recipients) {
                if !to.is_ascii() {
                    let text = "The address needs SMTPUTF8, which the server does not offer";
                    *outcome = Some(unsendable(Stage::Rcpt, (5, 6, 7), text));
                }
            }
        }
    }
}

fn unsendable(stage: Stage, enhanced: (u16, u16, u16), text: &'static str) -> Outcome {
    let cause = Cause::Unsendable { enhanced, text };
    Outcome::Refused(Failure { stage, cause })
}

fn judged(stage: Stage, reply: &RemoteReply) -> Outcome {
    if reply.is_ok() {
        return Outcome::Accepted(reply.clone());
    }
    let failure = Failure {
        stage,
        cause: Cause::Reply(reply.clone()),
    };
    if reply.is_permanent() {
        Outcome::Refused(failure)
    } else {
        Outcome::PutOff(failure)
    }
}

#[cfg(test)]
mod tests;

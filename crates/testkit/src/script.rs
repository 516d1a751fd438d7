//! An SMTP handler that answers by a script and keeps what it is given.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use mail::Address;
use smtp::{Envelope, Handler, Reply};
use tokio::sync::watch;

/// What the conversation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this client connect?
    Connected,
    /// May this sender send?
    Mail,
    /// Is there such a recipient?
    Rcpt,
    /// Take this message.
    Message,
}

/// What the script does with a question.
#[derive(Clone, Debug)]
pub enum Action {
    /// Answers this.
    Reply(Reply),
    /// Panics.
    Panic,
    /// Is silent until [`Script::release`], then accepts.
    Hang,
}

/// A message that was accepted or refused by the script.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its envelope.
    pub envelope: Envelope,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// Accepts everything that no rule says otherwise of.
#[derive(Debug)]
pub struct Script {
    rules: Vec<(Question, String, Action)>,
    received: Mutex<Vec<Received>>,
    released: watch::Sender<bool>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            received: Mutex::default(),
            released: watch::Sender::new(false),
        }
    }
}

impl Script {
    /// Adds a rule for a question about `subject`: an address, `<>`, or `*` for any. The first rule
    /// that fits counts. A message is asked about by its reverse-path.
    #[must_use]
    pub fn on(mut self, question: Question, subject: impl Into<String>, action: Action) -> Self {
        self.rules.push((question, subject.into(), action));
        self
    }

    /// Takes what was received since the last call, in order.
    pub fn take_received(&self) -> Vec<Received> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut received)
    }

    /// Ends every [`Action::Hang`], now and later.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    async fn answer(&self, question: Question, subject: &str) -> Result<(), Reply> {
        let fits = |(asked, about, _): &&(Question, String, Action)| {
            *asked == question && (about == "*" || about == subject)
        };
        match self.rules.iter().find(fits).map(|(_, _, action)| action) {
            None => Ok(()),
            Some(Action::Reply(reply)) if reply.is_ok() => Ok(()),
            Some(Action::Reply(reply)) => Err(reply.clone()),
            #[expect(clippy::panic, reason = "the script says so")]
            Some(Action::Panic) => panic!("scripted panic"),
            Some(Action::Hang) => {
                // It cannot fail: the sender is in `self`.
                let _ = self
                    .released
                    .subscribe()
                    .wait_for(|released| *released)
                    .await;
                Ok(())
            }
        }
    }
}

fn path(address: Option<&Address>) -> String {
    address.map_or_else(|| "<>".to_owned(), ToString::to_string)
}

impl Handler for Script {
    async fn connected(&self, _peer: SocketAddr) -> Result<(), Reply> {
        self.answer(Question::Connected, "*").await
    }

    async fn mail_from(&self, envelope: &Envelope) -> Result<(), Reply> {
        let from = path(envelope.reverse_path.as_ref());
        self.answer(Question::Mail, &from).await
    }

    async fn rcpt_to(&self, _envelope: &Envelope, to: &Address) -> Result<(), Reply> {
        self.answer(Question::Rcpt, &to.to_string()).await
    }

    async fn message(&self, envelope: Envelope, raw: Vec<u8>) -> Reply {
        let from = path(envelope.reverse_path.as_ref());
        let answer = self.answer(Question::Message, &from).await;
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(Received { envelope, raw });
        match answer {
            Ok(()) => Reply::ok(250, (0, 0), "Message accepted"),
            Err(reply) => reply,
        }
    }
}

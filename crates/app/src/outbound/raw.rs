//! Mail that a client hands in as it is: it ends in the same departure as a message that was
//! composed here.

use std::fmt::Write as _;

use mail::submitted::{Fit, Unfit, fit};
use mail::{Address, Mailbox, MessageId, thread_key};
use model::inbox::Inbox;
use model::label::Labels;
use model::message::{Origin, Session, Way};
use model::{Code, Error, Kind, Result, perm};
use store::{Grant, Reason};
use wire::SendMessageResponse;

use super::Letter;
use super::remember::Act;
use super::submit::{Along, Outgoing, by_key, unique};
use crate::App;
use crate::gate::loops::Preceding;
use crate::inbound::{Understood, elsewhere};

/// A message and its envelope.
pub(crate) struct Handed {
    /// Whom it goes to, whatever its fields say.
    pub(crate) recipients: Vec<Address>,
    /// The message, with lines that end in CRLF.
    pub(crate) raw: Vec<u8>,
    /// The trace field of its way here, with its CRLF.
    pub(crate) received: String,
    /// The session it came in.
    pub(crate) session: Session,
}

impl App {
    /// Sends a message as it is, but for what [`mail::submitted`] takes out and adds.
    ///
    /// # Errors
    /// Those of sending; `message_rejected` when it names another author than the inbox, and
    /// `validation_error` when it is no message that may leave.
    pub(crate) async fn submit_raw(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &Inbox,
        handed: Handed,
    ) -> Result<SendMessageResponse> {
        let own = Address::parse(inbox.inbox_id.as_str()).map_err(Error::internal)?;
        let (id, now) = (self.mint_message_id(inbox.inbox_id.as_str()), self.now());
        let recipients = handed.recipients.into_iter().map(|address| Mailbox {
            name: None,
            address,
        });
        let recipients = unique(&recipients.collect::<Vec<_>>());
        let (key, to) = (inbox.key, recipients.clone());
        let raw = handed.raw;
        let fitting = elsewhere(raw.len(), move || {
            let fit = fit(&raw, &own, id, now)?;
            let act = fit
                .own_id
                .then(|| Act::handed(key, &fit.message_id, &raw, &to));
            Ok((fit, act))
        });
        let (fit, act) = fitting.await?.map_err(|unfit| refusal(&unfit, inbox))?;
        let along = Along::of(act);
        let signing = self.admitted(grant, inbox, &recipients, &along).await?;

        let mut letter = blank();
        let mut added = handed.received;
        let Fit {
            raw,
            message_id,
            says_who_sends,
            answers,
            ..
        } = fit;
        if !says_who_sends {
            self.say_who_sends(inbox, &mut letter, false)?;
        }
        letter.preceding = self
            .preceding(grant, inbox, answers, says_who_sends)
            .await?;
        self.mark(&mut letter, &along)?;
        for header in &letter.headers {
            // Writing to a String cannot fail.
            let _ = write!(added, "{}: {}\r\n", header.name(), header.value());
        }
        // A signature by an RSA key takes a processor for a millisecond.
        let work = if signing.is_empty() {
            raw.len()
        } else {
            usize::MAX
        };
        let finish = move || {
            let raw = signing.sign([added.into_bytes(), raw].concat())?;
            let understood = Understood::of(&raw);
            Ok((raw, understood))
        };
        let finished: Result<_> = elsewhere(work, finish).await?;
        let (raw, understood) = finished?;
        describe(&mut letter, &understood, &recipients);
        let outgoing = Outgoing {
            message_id,
            raw,
            ancestors: thread_key::ancestors(&understood.parsed),
            understood,
            letter,
            alike: None,
            origin: Origin {
                session: Some(handed.session),
                ..by_key(grant.access(), Way::Submission)
            },
        };
        Box::pin(self.leave(grant, inbox, recipients, outgoing, along)).await
    }
}

impl App {
    /// What a submitted message answers, if the inbox has it. People answer lists and bounces with
    /// their mail programs; only what says that a machine sent it is held to the rules for machines.
    async fn preceding(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &Inbox,
        answers: Option<MessageId>,
        by_machine: bool,
    ) -> Result<Option<Preceding>> {
        let Some(id) = answers else { return Ok(None) };
        let (address, access) = (inbox.inbox_id.clone(), grant.access().org_id());
        let reader = self.store().system(access, Reason::Delivery);
        let reader: Grant<perm::MessageRead> = reader.grant()?;
        let found = match self.parent(&reader, &address, &id).await {
            Ok((_, parent)) => parent.preceding,
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(if by_machine {
            found
        } else {
            found.answerable()
        }))
    }
}

/// What lists show of the message, from its own fields; who stands only in the envelope got a
/// blind copy.
fn describe(letter: &mut Letter, understood: &Understood, recipients: &[Mailbox]) {
    let parsed = &understood.parsed;
    let named = |list: &[mail::Correspondent]| {
        let usable = list.iter().filter_map(|one| {
            Some(Mailbox {
                name: one.name.clone(),
                address: one.address()?,
            })
        });
        usable.collect::<Vec<_>>()
    };
    letter.to = named(&parsed.to);
    letter.cc = named(&parsed.cc);
    letter.reply_to = named(&parsed.reply_to);
    let open = |to: &&Mailbox| {
        let mut shown = letter.to.iter().chain(&letter.cc);
        shown.all(|one| one.address != to.address)
    };
    letter.bcc = recipients.iter().filter(open).cloned().collect();
    letter.subject = parsed.subject.clone();
    letter.in_reply_to = parsed.in_reply_to.first().cloned();
    letter.references = parsed.references.clone();
    letter.new_text = understood.content.extracted_text.clone();
    letter.new_html = understood.content.extracted_html.clone();
}

fn blank() -> Letter {
    Letter {
        from: None,
        reply_to: Vec::new(),
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        text: None,
        html: None,
        new_text: None,
        new_html: None,
        attachments: Vec::new(),
        headers: Vec::new(),
        labels: Labels::default(),
        in_reply_to: None,
        references: Vec::new(),
        thread: None,
        source: None,
        own_files: None,
        own_headers: Vec::new(),
        preceding: None,
    }
}

fn refusal(unfit: &Unfit, inbox: &Inbox) -> Error {
    let own = &inbox.inbox_id;
    let invalid = |detail: String| Error::new(Code::ValidationError, detail);
    match unfit {
        Unfit::Foreign(field, other) => Error::new(
            Code::MessageRejected,
            format!("{field} names {other}, and you are logged in as {own}"),
        )
        .fix(format!("Write {own} in {field}, or log in as the inbox it names.")),
        Unfit::NoFrom => invalid("The message has no author".to_owned())
            .fix(format!("Add the field From: {own}")),
        Unfit::Twice(field) => invalid(format!("The field {field} stands twice"))
            .fix("Leave one of them out (RFC 5322 section 3.6)."),
        Unfit::Header => invalid("A line of the header is not a field".to_owned())
            .fix("Write `Name: value`, without a space before the colon, and an empty line before the text."),
        Unfit::Loop => invalid("The message has passed too many servers".to_owned())
            .fix("Look for a forwarding that leads back to itself."),
    }
}

//! How a message leaves: `send`, `reply`, `reply_all` and `forward` compose it, and all of them
//! end in `submit`, the only way out.
//!
//! `submit` asks the gate, stores the bytes and, in one transaction, files the message, opens a
//! delivery for each recipient and adds one job for each recipient domain. From then on the job
//! `deliver_mail` is responsible.

mod draft;
mod hold;
mod leaking;
pub(crate) mod own;
pub(crate) mod parent;
mod raw;
mod remember;
pub(crate) mod request;
mod submit;

pub(crate) use self::draft::being_sent;
pub(crate) use self::hold::{PENDING, is_pending};
pub(crate) use self::raw::Handed;
pub(crate) use self::submit::{Approved, display};

use mail::compose::{ExtraHeader, Part};
use mail::{Address, Mailbox, MessageId};
use model::draft::Source;
use model::label::Labels;
use model::{Code, Error, IdempotencyKey, InboxId, Permission, Result, ThreadId, perm};
use store::Grant;
use wire::{
    ReplyAllMessageRequest, ReplyToMessageRequest, SendMessageRequest, SendMessageResponse,
};

use self::parent::{answer, author, everybody};
use self::remember::Act;
use self::submit::Along;
use crate::App;
use crate::gate::loops::Preceding;

/// A message to be composed.
struct Letter {
    /// Whom it is from, where that is not the address of the inbox.
    from: Option<Address>,
    reply_to: Vec<Mailbox>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    /// What the caller wrote, without the quoted original.
    new_text: Option<String>,
    new_html: Option<String>,
    attachments: Vec<Part>,
    headers: Vec<ExtraHeader>,
    labels: Labels,
    in_reply_to: Option<MessageId>,
    references: Vec<MessageId>,
    thread: Option<ThreadId>,
    /// What it answers or sends on.
    source: Option<Source>,
    /// How many of the attachments, from the first on, are its own and not those of what it sends on;
    /// `None` for what a client handed in.
    own_files: Option<usize>,
    /// The headers as the caller gave them.
    own_headers: Vec<(String, String)>,
    /// What it answers or sends on says of machines that answer one another.
    preceding: Option<Preceding>,
}

impl App {
    /// Sends a new message.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused`, `not_found`, or `conflict` when the key was used for
    /// another request.
    pub async fn send(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &InboxId,
        key: Option<IdempotencyKey>,
        mut request: SendMessageRequest,
    ) -> Result<SendMessageResponse> {
        let act = Act::of(grant.access(), &["send"], key, &request)?;
        if let Some(answer) = self.answered(grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let inbox = self.find_inbox(grant, inbox).await?;
        self.fetch_attachments(grant, &mut request.attachments)
            .await?;
        let letter = request::send(request)?;
        self.submit(grant, &inbox, letter, Along::of(act)).await
    }

    /// Answers a message: its author, or whoever the request names, or everybody.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused`, `not_found`, or `conflict` when the key was used for
    /// another request; `missing_permission` for recipients of the caller's own choice with a key
    /// that may only answer; `automatic_mail`, `loop_detected` and `thread_paused`, which `force`
    /// overrides.
    pub async fn reply(
        &self,
        grant: &Grant<perm::MessageReply>,
        inbox: &InboxId,
        id: &MessageId,
        key: Option<IdempotencyKey>,
        mut request: ReplyToMessageRequest,
    ) -> Result<SendMessageResponse> {
        let act = Act::of(grant.access(), &["reply", id.as_str()], key, &request)?;
        if let Some(answer) = self.answered(grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(grant, &mut request.attachments)
            .await?;
        let own = request::reply_recipients(&request)?;
        if own.is_some() && !grant.access().permissions().has(Permission::MessageSend) {
            return Err(Error::new(Code::MissingPermission, "Forbidden").fix(
                "This key may only answer; leave to, cc and bcc out, or use a key that has message_send.",
            ));
        }
        let people = match own {
            Some(people) => people,
            None if request.reply_all == Some(true) => everybody(&inbox, &parent.message)?,
            None => author(&parent.message)?,
        };
        let force = request.force == Some(true);
        let letter = answer(&parent, people, request::reply(request)?);
        let along = Along::of(act).forced(grant.access(), force)?;
        self.submit(grant, &inbox, letter, along).await
    }

    /// Answers everybody on a message.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused`, `not_found`, or `conflict` when the key was used for
    /// another request.
    pub async fn reply_all(
        &self,
        grant: &Grant<perm::MessageReply>,
        inbox: &InboxId,
        id: &MessageId,
        key: Option<IdempotencyKey>,
        mut request: ReplyAllMessageRequest,
    ) -> Result<SendMessageResponse> {
        let act = Act::of(grant.access(), &["reply_all", id.as_str()], key, &request)?;
        if let Some(answer) = self.answered(grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(grant, &mut request.attachments)
            .await?;
        let people = everybody(&inbox, &parent.message)?;
        let force = request.force == Some(true);
        let letter = answer(&parent, people, request::reply_all(request)?);
        let along = Along::of(act).forced(grant.access(), force)?;
        self.submit(grant, &inbox, letter, along).await
    }

    /// Sends a message on, with all its attachments, to the recipients of the request.
    ///
    /// # Errors
    /// `validation_error`, `message_rejected`, `inbox_paused`, `not_found`, or `conflict` when the key was used for
    /// another request.
    pub async fn forward(
        &self,
        grant: &Grant<perm::MessageSend>,
        inbox: &InboxId,
        id: &MessageId,
        key: Option<IdempotencyKey>,
        mut request: SendMessageRequest,
    ) -> Result<SendMessageResponse> {
        let act = Act::of(grant.access(), &["forward", id.as_str()], key, &request)?;
        if let Some(answer) = self.answered(grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let (inbox, parent) = self.parent(grant, inbox, id).await?;
        self.fetch_attachments(grant, &mut request.attachments)
            .await?;
        let mut letter = request::send(request)?;
        letter = self.forwarded(grant, &parent, letter).await?;
        self.submit(grant, &inbox, letter, Along::of(act)).await
    }
}

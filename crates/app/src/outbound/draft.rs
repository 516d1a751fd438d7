//! How a draft becomes a message.

use mail::Mailbox;
use mail::compose::{ExtraHeader, Part};
use mail::parse::Disposition;
use model::draft::{Draft, DraftFile, Purpose, SendStatus, Source};
use model::inbox::Inbox;
use model::label::{Label, Labels, MAX_LABELS};
use model::message::Content;
use model::{ApiKeyId, Code, DraftId, Error, IdempotencyKey, Kind, Result, ThreadId, perm};
use store::{BlobId, ClaimedJob, Grant, Reason};
use wire::{SendMessageResponse, UpdateMessageRequest};

use super::Letter;
use super::parent::{Parent, Recipients, answer, author};
use super::remember::Act;
use super::submit::{Along, Approved};
use crate::messages::settable;
use crate::{App, approvals};

/// What a draft was read as.
struct Ready {
    inbox: Inbox,
    draft: Draft,
    content: Content,
    /// The key that made it.
    author: Option<ApiKeyId>,
}

impl App {
    /// Sends a draft now. The draft is gone then; its message has the draft's labels, those that
    /// are added and not those that are removed.
    ///
    /// # Errors
    /// `not_found` for the draft or the message it forwards, `conflict` while it is being sent or
    /// changed or when the key was used for another request, and those of sending.
    pub async fn send_draft(
        &self,
        grant: &Grant<perm::DraftSend>,
        id: DraftId,
        key: Option<IdempotencyKey>,
        request: UpdateMessageRequest,
    ) -> Result<SendMessageResponse> {
        let act = Act::of(grant.access(), &["draft", &id.to_string()], key, &request)?;
        if let Some(answer) = self.answered(grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let (add, remove) = (
            settable(request.add_labels)?,
            settable(request.remove_labels)?,
        );
        let mut ready = match self.ready_draft(grant, id).await {
            Ok(ready) => ready,
            // The same request may have been carried out since it was looked for.
            Err(error) => {
                let answer = self.answered(grant, act.as_ref()).await?;
                return answer.ok_or(error);
            }
        };
        if ready.draft.status == Some(SendStatus::Sending) {
            return Err(being_sent());
        }
        self.not_pending(grant, &ready.draft).await?;
        let (before, author) = (ready.draft.clone(), ready.author);
        for label in add.iter() {
            ready.draft.labels.insert(label.clone());
        }
        for label in remove.iter() {
            ready.draft.labels.remove(label);
        }
        let (inbox, letter) = self.letter_of(grant, ready).await?;
        let along = Along::draft(before, act, None).let_go_by(grant.access(), author);
        self.submit(grant, &inbox, letter, along).await
    }

    /// Sends a draft whose time has come, and ends the job with it.
    pub(crate) async fn send_due_draft(
        &self,
        grant: &Grant<perm::Authenticated>,
        draft: Draft,
        job: ClaimedJob,
    ) -> Result<SendMessageResponse> {
        let ready = self.ready_draft(grant, draft.draft_id).await?;
        let (inbox, letter) = self.letter_of(grant, ready).await?;
        let along = Along::draft(draft, None, Some(job));
        self.submit(grant, &inbox, letter, along).await
    }

    /// Sends a draft that was waiting, as it is, because somebody else has approved it.
    ///
    /// # Errors
    /// As [`App::send_draft`], or `conflict` when the draft is not of the version that was seen.
    pub(crate) async fn send_approved<P>(
        &self,
        grant: &Grant<P>,
        approved: Approved,
        version: i64,
    ) -> Result<SendMessageResponse> {
        let ready = self.ready_draft(grant, approved.approval.draft_id).await?;
        if ready.draft.version != version {
            return Err(approvals::changed(ready.draft.version));
        }
        let before = ready.draft.clone();
        let (inbox, letter) = self.letter_of(grant, ready).await?;
        self.submit(grant, &inbox, letter, Along::approved(before, approved))
            .await
    }

    async fn ready_draft<P>(&self, grant: &Grant<P>, id: DraftId) -> Result<Ready> {
        let read = self.store().read(grant, move |view| {
            let draft = view.draft(id)?;
            Ok(Ready {
                inbox: view.inbox_of_key(draft.inbox_key)?,
                content: view.draft_content(id)?,
                author: view.draft_maker(id)?,
                draft,
            })
        });
        read.await
    }

    async fn letter_of<P>(&self, grant: &Grant<P>, ready: Ready) -> Result<(Inbox, Letter)> {
        let Ready {
            inbox,
            draft,
            content,
            ..
        } = ready;
        let mut attachments = Vec::with_capacity(draft.files.len());
        for file in &draft.files {
            attachments.push(self.part(grant, file).await?);
        }
        let people = &draft.people;
        let headers = content.headers.iter();
        let headers = headers.map(|(name, value)| ExtraHeader::new(name, value));
        let letter = Letter {
            from: None,
            own_files: Some(attachments.len()),
            own_headers: content.headers.clone(),
            source: None,
            reply_to: mailboxes(&people.reply_to)?,
            to: mailboxes(&people.to)?,
            cc: mailboxes(&people.cc)?,
            bcc: mailboxes(&people.bcc)?,
            subject: draft.subject,
            text: content.text.clone(),
            html: content.html.clone(),
            new_text: content.text,
            new_html: content.html,
            attachments,
            headers: headers.collect::<Result<_, _>>().map_err(Error::internal)?,
            labels: carried(draft.labels)?,
            in_reply_to: None,
            references: Vec::new(),
            thread: None,
            preceding: None,
        };
        let letter = match draft.source {
            Some(source) => self.onto(grant, source, letter).await?,
            None => letter,
        };
        Ok((inbox, letter))
    }

    /// The letter with what it answers or sends on. The right to read that message was asked for
    /// when the draft was made; sending the draft needs only the right to send it.
    async fn onto<P>(
        &self,
        grant: &Grant<P>,
        source: Source,
        mut letter: Letter,
    ) -> Result<Letter> {
        let access = self
            .store()
            .system(grant.access().org_id(), Reason::Delivery);
        let reader: Grant<perm::MessageRead> = access.grant()?;
        let parent = match self.parent_of_key(&reader, source.key).await {
            Ok(parent) => Some(parent),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(error) => return Err(error),
        };
        match (source.purpose, parent) {
            (Purpose::Reply, Some(parent)) => {
                let people = recipients(&mut letter, &parent)?;
                Ok(answer(&parent, people, letter))
            }
            (Purpose::Forward, Some(parent)) => self.forwarded(&reader, &parent, letter).await,
            // What is answered need not be there any more; there is just nothing to quote.
            (Purpose::Reply, None) => {
                letter.in_reply_to = source.references.last().cloned();
                letter.thread = self.thread_left(&reader, source.thread_id).await?;
                letter.references = source.references;
                Ok(letter)
            }
            (Purpose::Forward, None) => Err(Error::not_found("Message")
                .fix("The message that this draft forwards was deleted; delete the draft.")),
        }
    }

    /// A thread, if it has any message left.
    async fn thread_left(
        &self,
        grant: &Grant<perm::MessageRead>,
        id: ThreadId,
    ) -> Result<Option<ThreadId>> {
        let found = self.store().read(grant, move |view| view.thread(None, id));
        match found.await {
            Ok(thread) => Ok(Some(thread.thread_id)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn part<P>(&self, grant: &Grant<P>, file: &DraftFile) -> Result<Part> {
        let blob = BlobId::parse(&file.blob);
        let blob = blob.ok_or_else(|| Error::internal("the file of a draft is damaged"))?;
        let inline = file.shown.content_disposition.as_deref() == Some("inline");
        let media = file.shown.content_type.clone();
        Ok(Part {
            filename: file.shown.filename.clone(),
            content_type: media.unwrap_or_else(|| "application/octet-stream".to_owned()),
            disposition: if inline {
                Disposition::Inline
            } else {
                Disposition::Attachment
            },
            content_id: file.shown.content_id.clone(),
            bytes: self.store().raw_of_blob(grant, blob).await?.to_vec(),
        })
    }
}

/// The refusal of whoever meets a draft on its way out.
pub(crate) fn being_sent() -> Error {
    Error::new(Code::Conflict, "The draft is being sent right now")
        .fix("Wait a moment: the draft is gone when it was sent, or shows why it could not be.")
}

/// The recipients of an answer: its own, or, when it has none, whoever wrote the message.
fn recipients(letter: &mut Letter, parent: &Parent) -> Result<Recipients> {
    let own = Recipients {
        to: std::mem::take(&mut letter.to),
        cc: std::mem::take(&mut letter.cc),
        bcc: std::mem::take(&mut letter.bcc),
    };
    if own.to.is_empty() && own.cc.is_empty() && own.bcc.is_empty() {
        return author(&parent.message);
    }
    Ok(own)
}

/// The labels of a draft that its message keeps.
fn carried(mut labels: Labels) -> Result<Labels> {
    for own in ["draft", "scheduled", super::hold::PENDING] {
        labels.remove(&Label::system(own));
    }
    if labels.len() >= MAX_LABELS {
        return Err(Error::invalid(
            "add_labels",
            "too_big",
            "A message has at most 256 labels",
        ));
    }
    Ok(labels)
}

/// Names that were checked when the draft was written.
fn mailboxes(names: &[String]) -> Result<Vec<Mailbox>> {
    names
        .iter()
        .map(|name| Mailbox::parse(name).map_err(Error::internal))
        .collect()
}

//! Changing a draft.

use mail::{Mailbox, Timestamp};
use model::draft::{Draft, Purpose, SendStatus};
use model::label::{Label, Labels, MAX_LABELS};
use model::message::{Content, People};
use model::{AttachmentId, Code, DraftId, Error, Result, perm};
use store::{Access, DraftChange, Grant};
use wire::{OneOrMany, Patch, UpdateDraftRequest};

use super::{Files, MAX_FILES, show, too_many_files};
use crate::App;
use crate::gate::{self, MAX_RECIPIENTS};
use crate::jobs::send_draft::SendDraft;
use crate::messages::settable;
use crate::outbound::{self, being_sent, display, request};

/// How often a change is tried again because others were faster.
const TRIES: usize = 8;

/// A change that was checked.
struct Change {
    to: Option<Vec<String>>,
    cc: Option<Vec<String>>,
    bcc: Option<Vec<String>>,
    reply_to: Option<Vec<String>>,
    subject: Patch<String>,
    text: Patch<String>,
    html: Patch<String>,
    add: Labels,
    remove: Labels,
    removed: Vec<AttachmentId>,
    send_at: Patch<Timestamp>,
}

impl App {
    /// Changes a draft. Fields left out stay; `null` clears, and `send_at: null` takes the schedule
    /// back.
    ///
    /// # Errors
    /// `validation_error` when nothing is given or something is wrong, `not_found` for the draft or
    /// an attachment, `conflict` while it is being sent, `missing_permission` when the draft is
    /// scheduled and the key may not send, or `payload_too_large`.
    pub async fn update_draft(
        &self,
        grant: &Grant<perm::DraftUpdate>,
        id: DraftId,
        mut request: UpdateDraftRequest,
    ) -> Result<wire::Draft> {
        if request == UpdateDraftRequest::default() {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide at least one field to change",
            ));
        }
        let attached = request.add_attachments.take();
        let change = Change::check(request)?;
        // The draft is looked for before its files are stored.
        self.store().read(grant, move |view| view.draft(id)).await?;
        let most = self.settings().max_message_bytes;
        let files = self.place_files(grant, "add_attachments", attached, most);
        let files = files.await?;
        for _ in 0..TRIES {
            if let Some(changed) = self.try_change(grant, id, &change, &files).await? {
                return Ok(changed);
            }
        }
        Err(Error::new(
            Code::RaceCondition,
            "Others are changing this draft",
        ))
    }

    /// Applies a change to what the draft is now; `None` when somebody else was faster.
    async fn try_change(
        &self,
        grant: &Grant<perm::DraftUpdate>,
        id: DraftId,
        change: &Change,
        files: &Files,
    ) -> Result<Option<wire::Draft>> {
        let read = self.store().read(grant, move |view| {
            Ok((view.draft(id)?, view.draft_content(id)?))
        });
        let (before, old) = read.await?;
        if before.status == Some(SendStatus::Sending) {
            return Err(being_sent());
        }
        if outbound::is_pending(&before.labels) && matches!(change.send_at, Patch::Value(_)) {
            // Its time is when it is approved.
            self.not_pending(grant, &before).await?;
        }
        let mut after = before.clone();
        change.apply(&mut after)?;
        after.files.extend(files.shown.iter().cloned());
        if after.files.len() > MAX_FILES {
            return Err(too_many_files("add_attachments"));
        }
        let content = change.content(&old);
        let octets = after.files.iter().map(|file| file.shown.size).sum::<i64>();
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        self.fits(octets, self.room(&content)?)?;
        after.preview = content.text.as_deref().and_then(mail::parse::preview);
        after.updated_at = self.now();
        if after.status == Some(SendStatus::Scheduled) {
            may_schedule(grant.access())?;
            ready_to_go(&after)?;
        }
        fits_labels(&after)?;
        let body = (content != old).then(|| self.store().pack(&content));
        let write = DraftChange {
            before,
            body: body.transpose()?,
            added: files.placed.clone(),
            after,
        };
        let job = self
            .schedule(&write.after)?
            .filter(|_| !change.send_at.is_absent());
        let cancelled = change.send_at == Patch::Null;
        let changed = self.store().write(grant, move |txn| {
            let Some(draft) = txn.change_draft(&write)? else {
                return Ok(None);
            };
            gate::note_author(txn, &draft)?;
            if cancelled {
                txn.cancel_job(SendDraft::KIND, &SendDraft::key(id))?;
            }
            if let Some(job) = &job {
                txn.enqueue(job)?;
            }
            Ok(Some(draft))
        });
        let changed = changed.await?;
        Ok(changed.map(|draft| show::draft(&draft, &content)))
    }
}

impl Change {
    fn check(request: UpdateDraftRequest) -> Result<Self> {
        let removed = request.remove_attachments.unwrap_or_default();
        let removed: Result<_> = removed
            .iter()
            .map(|id| id.parse().map_err(|_| Error::not_found("Attachment")))
            .collect();
        let remove = settable(request.remove_labels)?;
        if remove.contains(&Label::system("draft")) {
            return Err(Error::invalid(
                "remove_labels",
                "invalid_value",
                "Cannot use system label: draft",
            )
            .fix("Every draft has this label; send or delete the draft to be rid of it."));
        }
        Ok(Self {
            to: people("to", request.to)?,
            cc: people("cc", request.cc)?,
            bcc: people("bcc", request.bcc)?,
            reply_to: people("reply_to", request.reply_to)?,
            subject: request.subject,
            text: request.text,
            html: request.html,
            add: settable(request.add_labels)?,
            remove,
            removed: removed?,
            send_at: match request.send_at {
                Patch::Absent => Patch::Absent,
                Patch::Null => Patch::Null,
                Patch::Value(text) => Patch::Value(instant(&text)?),
            },
        })
    }

    fn apply(&self, draft: &mut Draft) -> Result<()> {
        for id in &self.removed {
            let at = draft
                .files
                .iter()
                .position(|file| file.shown.attachment_id == *id);
            let at = at.ok_or_else(|| Error::not_found("Attachment"))?;
            draft.files.remove(at);
        }
        let people = &mut draft.people;
        for (own, new) in [
            (&mut people.to, &self.to),
            (&mut people.cc, &self.cc),
            (&mut people.bcc, &self.bcc),
            (&mut people.reply_to, &self.reply_to),
        ] {
            if let Some(new) = new {
                own.clone_from(new);
            }
        }
        bounded(people)?;
        draft.subject = patched(&self.subject, draft.subject.take());
        for label in self.add.iter() {
            draft.labels.insert(label.clone());
        }
        for label in self.remove.iter() {
            draft.labels.remove(label);
        }
        let scheduled = Label::system("scheduled");
        match self.send_at {
            Patch::Absent => return Ok(()),
            Patch::Null => {
                draft.send_at = None;
                draft.status = None;
                draft.labels.remove(&scheduled);
            }
            Patch::Value(at) => {
                draft.send_at = Some(at);
                draft.status = Some(SendStatus::Scheduled);
                draft.labels.insert(scheduled);
            }
        }
        draft.send_error = None;
        Ok(())
    }

    fn content(&self, old: &Content) -> Content {
        Content {
            text: patched(&self.text, old.text.clone()),
            html: patched(&self.html, old.html.clone()),
            headers: old.headers.clone(),
            ..Content::default()
        }
    }
}

fn patched(patch: &Patch<String>, old: Option<String>) -> Option<String> {
    match patch {
        Patch::Absent => old,
        Patch::Null => None,
        Patch::Value(new) => Some(new.clone()),
    }
}

fn people(field: &str, patch: Patch<OneOrMany>) -> Result<Option<Vec<String>>> {
    match patch {
        Patch::Absent => Ok(None),
        Patch::Null => Ok(Some(Vec::new())),
        Patch::Value(list) => Ok(Some(names(&request::mailboxes(field, Some(&list))?))),
    }
}

/// The people of a new draft, every name checked: To, Cc, Bcc and Reply-To in this order.
pub(super) fn checked_people(lists: [(&str, Option<&OneOrMany>); 4]) -> Result<People> {
    let [to, cc, bcc, reply_to] =
        lists.map(|(field, list)| request::mailboxes(field, list).map(|list| names(&list)));
    let people = People {
        to: to?,
        cc: cc?,
        bcc: bcc?,
        reply_to: reply_to?,
    };
    bounded(&people)?;
    Ok(people)
}

pub(super) fn names(list: &[Mailbox]) -> Vec<String> {
    list.iter().map(display).collect()
}

fn bounded(people: &People) -> Result<()> {
    if people.recipients().count() > MAX_RECIPIENTS || people.reply_to.len() > MAX_RECIPIENTS {
        return Err(
            Error::invalid("to", "too_big", "A message has at most 50 recipients")
                .fix("Make several drafts with at most 50 recipients each."),
        );
    }
    Ok(())
}

/// When a draft shall go.
pub(super) fn instant(text: &str) -> Result<Timestamp> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| {
        Error::invalid(
            "send_at",
            "invalid_value",
            "send_at must be a date and time with an offset",
        )
        .fix("Write it as in RFC 3339, for example 2026-01-02T03:04:05Z.")
    })
}

/// Whoever makes a draft go by itself, or changes one that will, sends it.
pub(super) fn may_schedule(access: &Access) -> Result<()> {
    access.grant::<perm::DraftSend>().map(|_| ())
}

/// What a scheduled draft must have, as nobody will be there to be told. An answer finds its
/// recipients in the message.
pub(super) fn ready_to_go(draft: &Draft) -> Result<()> {
    let answers = draft.source.as_ref().map(|source| source.purpose) == Some(Purpose::Reply);
    let scheduled = draft.status == Some(SendStatus::Scheduled);
    if scheduled && !answers && draft.people.recipients().next().is_none() {
        return Err(Error::invalid(
            "to",
            "invalid_value",
            "A scheduled draft needs a recipient in to, cc or bcc",
        )
        .fix("Name a recipient, or take the schedule back with send_at: null."));
    }
    Ok(())
}

pub(super) fn fits_labels(draft: &Draft) -> Result<()> {
    if draft.labels.len() > MAX_LABELS {
        return Err(Error::invalid(
            "labels",
            "too_big",
            "A draft has at most 256 labels",
        ));
    }
    Ok(())
}

//! What becomes of a departure that the gate holds: a draft, and an approval that waits for another
//! identity.

use mail::Mailbox;
use mail::parse::Parsed;
use model::approval::{Approval, ApprovalState};
use model::draft::{Draft, DraftFile, Purpose, Source};
use model::gate::{Finding, Held};
use model::inbox::Inbox;
use model::label::{Label, Labels};
use model::message::{Attachment, Content, People};
use model::taint::{Taint, WAY_OUT};
use model::{ApprovalId, Code, DraftId, Error, EventKind, Hidden, Result};
use store::{DraftChange, Finish, Grant, NewDraftOutcome, NewEvent, Placed, Txn};
use wire::SendMessageResponse;

use super::submit::{Along, Outgoing, display};
use super::{Letter, remember::Act};
use crate::gate::{Standing, told};
use crate::jobs::expire_approval;
use crate::jobs::mail_approvers::MailApprovers;
use crate::jobs::send_draft::SendDraft;
use crate::{App, approvals};

/// The label of a draft that waits for approval.
pub(crate) const PENDING: &str = "approval-pending";

/// A new draft with its bytes.
struct NewDraft {
    draft: Draft,
    body: store::Body,
    placed: Vec<Placed>,
}

/// A draft that is there and is to wait.
struct Waiting {
    change: DraftChange,
    along: Along,
}

enum Subject {
    New(Box<NewDraft>),
    Known(Box<Waiting>),
}

impl Subject {
    /// The draft, and the version that it has once it waits.
    fn id_and_version(&self) -> (DraftId, i64) {
        match self {
            Self::New(new) => (new.draft.draft_id, new.draft.version),
            Self::Known(waiting) => {
                let draft = &waiting.change.before;
                (draft.draft_id, draft.version + 1)
            }
        }
    }
}

impl App {
    /// Holds a departure. The same request again is told of the same hold, or gets its answer.
    ///
    /// # Errors
    /// `approval_required`, as a rule.
    pub(super) async fn hold<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: Outgoing,
        along: Along,
        findings: Vec<Finding>,
        standing: Standing,
    ) -> Result<SendMessageResponse> {
        let act = along.act.clone();
        let subject = self.subject(grant, inbox, outgoing, along).await?;
        let (draft_id, draft_version) = subject.id_and_version();
        let now = self.now();
        let approval = Approval {
            approval_id: ApprovalId::new(self.env().ids.random()),
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
            inbox_id: inbox.inbox_id.clone(),
            draft_id,
            draft_version,
            asked_by: standing.asked_by,
            act: act.map(|act| (act.key, act.request.to_vec())),
            findings,
            tainted_by: standing.tainted_by,
            state: ApprovalState::Pending,
            created_at: now,
            expires_at: now.plus(self.settings().gate.approval_expiry),
            decided_at: None,
            decided_by: None,
            reason: None,
            sent: None,
        };
        let job = expire_approval::job(self, &approval)?;
        let event = self.approval_event(EventKind::ApprovalRequested, &approval)?;
        let named = standing.policy.approvers.as_ref();
        let ask = match named.is_some_and(|named| !named.is_empty()) {
            true => Some(MailApprovers::about(self, approval.approval_id, None)?),
            false => None,
        };
        let held = self.store().write(grant, move |txn| {
            txn.lock_inbox(approval.inbox_key)?;
            if let Some(known) = txn.open_approval(&approval)? {
                return Ok(known);
            }
            match &subject {
                Subject::New(new) => make(txn, new, &approval, &standing.taint)?,
                Subject::Known(waiting) => wait(txn, waiting)?,
            }
            txn.enqueue(&job)?;
            if let Some(ask) = &ask {
                txn.enqueue(ask)?;
            }
            txn.emit(event.clone());
            Ok(approval.clone())
        });
        let held = held.await?;
        // The same request was held before, and approved since.
        answer(&held).ok_or_else(|| required(&held))
    }

    /// What waits: the draft that was to leave, or one that says the same as the message.
    async fn subject<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: Outgoing,
        along: Along,
    ) -> Result<Subject> {
        let Some(draft) = along.draft.clone() else {
            let new = self.draft_of(grant, inbox, outgoing).await?;
            return Ok(Subject::New(Box::new(new)));
        };
        let mut after = draft.clone();
        // With what the request that sends it adds and takes away.
        after.labels = outgoing.letter.labels.clone();
        after.labels.insert(Label::system("draft"));
        after.labels.insert(Label::system(PENDING));
        (after.status, after.send_error) = (None, None);
        after.updated_at = self.now();
        let change = DraftChange {
            before: draft,
            after,
            body: None,
            added: Vec::new(),
        };
        Ok(Subject::Known(Box::new(Waiting { change, along })))
    }

    /// The event of an approval.
    pub(crate) fn approval_event(&self, kind: EventKind, approval: &Approval) -> Result<NewEvent> {
        let shown = approvals::shown(approval, None);
        let shown = serde_json::to_string(&shown).map_err(Error::internal)?;
        Ok(NewEvent {
            kind,
            pod_id: Some(approval.pod_id),
            inbox_key: Some(approval.inbox_key),
            message_key: None,
            hidden: Hidden::NONE,
            payload: format!("\"approval\":{shown}"),
            tail: None,
            random: self.env().ids.random().as_u128(),
        })
    }

    /// The draft that says the same as a finished message.
    async fn draft_of<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: Outgoing,
    ) -> Result<NewDraft> {
        let Outgoing {
            raw,
            understood,
            letter,
            ..
        } = outgoing;
        let source = match letter.source.clone() {
            Some(source) => Some(source),
            None => self.answered_by(grant, inbox, &letter).await?,
        };
        let own = letter.own_files.unwrap_or(usize::MAX);
        let (files, placed) = self.own_files(grant, &raw, &understood.parsed, own).await?;
        let handed = letter.own_files.is_none();
        // What a client handed in has its quotes in it; as an answer it is quoted anew.
        let whole = handed && source.is_none();
        let content = Content {
            text: if whole {
                understood.content.text
            } else {
                letter.new_text
            },
            html: if whole {
                understood.content.html
            } else {
                letter.new_html
            },
            headers: letter.own_headers,
            ..Content::default()
        };
        let now = self.now();
        let mut labels = letter.labels;
        labels.insert(Label::system("draft"));
        labels.insert(Label::system(PENDING));
        let draft = Draft {
            draft_id: DraftId::new(self.env().ids.random()),
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
            inbox_id: inbox.inbox_id.clone(),
            client_id: None,
            labels,
            people: People {
                to: names(&letter.to),
                cc: names(&letter.cc),
                bcc: names(&letter.bcc),
                reply_to: names(&letter.reply_to),
            },
            subject: letter.subject,
            preview: content.text.as_deref().and_then(mail::parse::preview),
            files,
            source,
            send_at: None,
            status: None,
            send_error: None,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let body = self.store().pack(&content)?;
        Ok(NewDraft {
            draft,
            body,
            placed,
        })
    }

    /// The first `own` files of a finished message, as a draft keeps them.
    async fn own_files<P>(
        &self,
        grant: &Grant<P>,
        raw: &[u8],
        parsed: &Parsed,
        own: usize,
    ) -> Result<(Vec<DraftFile>, Vec<Placed>)> {
        let parts = parsed.attachments.iter().take(own);
        let bytes = mail::parse::attachments(raw, parts.map(|part| part.part));
        let bytes: Vec<_> = bytes.collect();
        let (mut files, mut placed) = (Vec::new(), Vec::new());
        for (attachment, bytes) in self.attachments(parsed).into_iter().zip(bytes) {
            let Some(bytes) = bytes else { continue };
            let held = self.store().place(grant, &bytes).await?;
            files.push(DraftFile {
                shown: Attachment {
                    part: 0,
                    size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
                    ..attachment
                },
                blob: held.blob_id().to_string(),
            });
            placed.push(held);
        }
        Ok((files, placed))
    }

    /// The message that a handed-in one answers, if the inbox has it.
    async fn answered_by<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        letter: &Letter,
    ) -> Result<Option<Source>> {
        let Some(id) = letter.in_reply_to.clone() else {
            return Ok(None);
        };
        match self.parent(grant, &inbox.inbox_id, &id).await {
            Ok((_, parent)) => Ok(Some(parent.as_source(Purpose::Reply))),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses what would send a draft that waits.
    pub(crate) async fn not_pending<P>(&self, grant: &Grant<P>, draft: &Draft) -> Result<()> {
        if !is_pending(&draft.labels) {
            return Ok(());
        }
        let id = draft.draft_id;
        let found = self
            .store()
            .read(grant, move |view| view.approval_of_draft(id));
        match found.await? {
            Some(approval) => Err(required(&approval)),
            None => Ok(()),
        }
    }

    /// What this very request was told when it was held before.
    pub(super) async fn held_before<P>(
        &self,
        grant: &Grant<P>,
        act: &Act,
    ) -> Result<Option<Approval>> {
        let (key, request) = (act.key.clone(), act.request);
        let found = self
            .store()
            .read(grant, move |view| view.approval_under(&key, &request));
        found.await
    }
}

/// The answer to a request that was held, once it was approved.
pub(super) fn answer(approval: &Approval) -> Option<SendMessageResponse> {
    let (message_id, thread_id) = approval.sent.as_ref()?;
    Some(SendMessageResponse {
        message_id: message_id.to_string(),
        thread_id: thread_id.to_string(),
    })
}

/// Whether a draft waits for approval.
pub(crate) fn is_pending(labels: &Labels) -> bool {
    labels.contains(&Label::system(PENDING))
}

/// Makes a draft that is there wait.
fn wait(txn: &mut Txn<'_>, waiting: &Waiting) -> Result<()> {
    let Waiting { change, along } = waiting;
    if txn.change_draft(change)?.is_none() {
        return Err(Error::new(
            Code::Conflict,
            "The draft was changed while it was being sent",
        )
        .fix("Read the draft again and decide anew; nothing was sent."));
    }
    match &along.job {
        Some(job) => txn.finish_job(job, &Finish::Done),
        None => txn.cancel_job(SendDraft::KIND, &SendDraft::key(change.before.draft_id)),
    }
}

/// What the caller of a held departure is told.
pub(crate) fn required(approval: &Approval) -> Error {
    let (id, draft) = (approval.approval_id, approval.draft_id);
    let why = told(&approval.findings);
    let (detail, fix) = match approval.state {
        ApprovalState::Pending | ApprovalState::Approved => (
            format!("Not sent: it waits for approval {id} as draft {draft}. {why}"),
            "Do not send it again: it leaves when somebody with the right approval_decide approves it. \
             GET /v0/approvals/{approval_id} tells how it stands.",
        ),
        ApprovalState::Declined | ApprovalState::Expired | ApprovalState::Withdrawn => (
            format!(
                "Not sent: approval {id} was {}. {why}",
                approval.state.name()
            ),
            "Write something else, or to somebody else, under a new Idempotency-Key.",
        ),
    };
    let mut fix = fix.to_owned();
    // Where nothing but what was handed out without a key stood against it.
    if let Some(finding) = approval.findings.first()
        && finding.fix.ends_with(WAY_OUT)
    {
        fix = format!("{fix} Or, {WAY_OUT}");
    }
    Error::new(Code::ApprovalRequired, detail)
        .fix(fix)
        .findings(approval.findings.clone())
        .held(Held {
            draft_id: draft,
            approval_id: id,
        })
}

fn names(list: &[Mailbox]) -> Vec<String> {
    list.iter().map(display).collect()
}

/// Makes the draft of a message that is held.
fn make(txn: &mut Txn<'_>, new: &NewDraft, approval: &Approval, taint: &Taint) -> Result<()> {
    let NewDraftOutcome::Made(draft) = txn.create_draft(&new.draft, &new.body, &new.placed)? else {
        return Err(Error::internal("a draft of our own was there before"));
    };
    let Some(key) = approval.asked_by else {
        return Ok(());
    };
    let (pod, inbox) = (draft.pod_id, draft.inbox_key);
    txn.set_draft_author(pod, inbox, draft.draft_id, key, taint)
}

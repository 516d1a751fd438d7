//! Approvals: what the gate holds waits here until another identity has decided.
//!
//! Whoever asked never decides, nor does a key that was shown the very mail that made it wait. What
//! is approved leaves exactly as the draft stands; a draft that was changed since must be approved by
//! its new version.

mod answered;
mod asked;
mod link;
mod words;

pub(crate) use self::asked::{AnswerKey, Asked};
pub(crate) use self::link::LinkKey;
pub use self::link::{operator_token, waiting, waiting_one};

use model::approval::{Approval, ApprovalState};
use model::draft::Draft;
use model::label::Label;
use model::page::Page;
use model::{ApprovalId, Code, Error, EventKind, Result, perm};
use store::{Actor, ApprovalEnd, DraftChange, Grant, Position, Txn};
use wire::{ApproveRequest, DeclineRequest, ListApprovalsResponse, SendMessageResponse};

use crate::App;
use crate::jobs::expire_approval::ExpireApproval;
use crate::outbound::{Approved, is_pending};
use crate::paging::Listing;

/// Characters of the reason for a decision.
const MAX_REASON: usize = 1_000;

/// Messages that tainted a decider which are compared.
const COMPARED: usize = 1_000;

impl App {
    /// A page of what waits, or stands as `state` says, newest first.
    ///
    /// # Errors
    /// `validation_error` for a bad token or state.
    pub async fn approvals(
        &self,
        grant: &Grant<perm::ApprovalRead>,
        state: Option<&str>,
        page: Page,
    ) -> Result<ListApprovalsResponse> {
        let name = state.unwrap_or(ApprovalState::Pending.name());
        let state = ApprovalState::parse(name).ok_or_else(|| {
            let detail = "state is pending, approved, declined, expired or withdrawn";
            Error::invalid("state", "invalid_value", detail)
        })?;
        let list = Listing::new(self, "approvals", grant.access(), &page, name);
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            view.approvals(state, from, ascending, fetch)
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |approval| Position {
            at: approval.created_at.as_micros(),
            key: *approval.approval_id.as_bytes(),
        });
        let approvals: Vec<_> = found.iter().map(|one| shown(one, None)).collect();
        Ok(ListApprovalsResponse {
            count: approvals.len(),
            limit: page.limit,
            next_page_token,
            approvals,
        })
    }

    /// One held departure.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn approval(
        &self,
        grant: &Grant<perm::ApprovalRead>,
        id: ApprovalId,
    ) -> Result<wire::Approval> {
        self.show_approval(grant, id).await
    }

    pub(crate) async fn show_approval<P>(
        &self,
        grant: &Grant<P>,
        id: ApprovalId,
    ) -> Result<wire::Approval> {
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let draft = view.draft(approval.draft_id).ok();
            Ok((approval, draft))
        });
        let (approval, draft) = read.await?;
        Ok(shown(&approval, draft.as_ref()))
    }

    /// Lets a held departure leave, as its draft stands.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for the key that asked, or one that was shown the same mail;
    /// `conflict` when it was decided before, or its draft was changed; and those of sending.
    pub async fn approve(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        id: ApprovalId,
        request: ApproveRequest,
    ) -> Result<SendMessageResponse> {
        let by = self.may_decide(grant, id).await?;
        let version = request.draft_version;
        self.approve_as(grant, id, by, reason(request.reason)?, version)
            .await
    }

    /// The same by somebody who was found to have the right.
    pub(crate) async fn approve_as<P>(
        &self,
        grant: &Grant<P>,
        id: ApprovalId,
        by: String,
        reason: Option<String>,
        version: Option<i64>,
    ) -> Result<SendMessageResponse> {
        let approval = self
            .store()
            .read(grant, move |view| view.approval(id))
            .await?;
        if approval.state != ApprovalState::Pending {
            return Err(decided(&approval));
        }
        let mut after = approval.clone();
        after.state = ApprovalState::Approved;
        after.decided_at = Some(self.now());
        after.decided_by = Some(by.clone());
        after.reason.clone_from(&reason);
        let event = self.approval_event(EventKind::ApprovalApproved, &after)?;
        let version = version.unwrap_or(approval.draft_version);
        let approved = Approved {
            approval,
            by,
            reason,
            event,
        };
        self.send_approved(grant, approved, version).await
    }

    /// Keeps a held departure from leaving. Its draft stays, for whoever wants to change it; sending
    /// it is judged anew.
    ///
    /// # Errors
    /// As [`App::approve`].
    pub async fn decline(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        id: ApprovalId,
        request: DeclineRequest,
    ) -> Result<wire::Approval> {
        let by = self.may_decide(grant, id).await?;
        self.decline_as(grant, id, by, reason(request.reason)?, None)
            .await
    }

    /// The same by somebody who was found to have the right, about this version if one is named.
    pub(crate) async fn decline_as<P>(
        &self,
        grant: &Grant<P>,
        id: ApprovalId,
        by: String,
        reason: Option<String>,
        version: Option<i64>,
    ) -> Result<wire::Approval> {
        let app = self.clone();
        let ended = self.store().write(grant, move |txn| {
            let approval = txn.lock_approval(id)?;
            if approval.state != ApprovalState::Pending {
                return Err(decided(&approval));
            }
            if let Some(version) = version {
                let draft = txn.lock_draft(approval.draft_id)?;
                if draft.version != version {
                    return Err(changed(draft.version));
                }
            }
            let how = (ApprovalState::Declined, EventKind::ApprovalDeclined);
            end(txn, &app, &approval, how, Some(by.clone()), reason.clone())
        });
        Ok(shown(&ended.await?, None))
    }

    /// Whether the caller may decide, and as whom.
    async fn may_decide(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        id: ApprovalId,
    ) -> Result<String> {
        let Actor::Key(key) = grant.access().actor() else {
            return Ok("operator".to_owned());
        };
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let mut taint = view.shown_taint(key)?;
            // What was handed out without a key counts for whoever reaches the inbox, but for the
            // programs that are no agents.
            if crate::gate::counts_taint(view, key)? {
                taint = taint.and(view.handed_taint()?);
            }
            let threads: Vec<_> = taint.threads.iter().map(|(thread, _)| *thread).collect();
            let seen = if approval.tainted_by.is_empty() || threads.is_empty() {
                Vec::new()
            } else {
                view.stranger_mail_of(&threads, COMPARED)?
            };
            Ok((approval, seen, taint))
        });
        let (approval, seen, taint) = read.await?;
        if approval.asked_by == Some(key) {
            return Err(Error::new(
                Code::Forbidden,
                "Whoever asked for a departure cannot decide about it",
            )
            .fix("Ask the holder of another key, or the operator."));
        }
        if approval.tainted_by.iter().any(|id| seen.contains(id)) {
            let detail = if taint.is_handed {
                "A webhook or the reader of a polling webhook was handed the mail that made the departure \
                 wait, and this key reaches it"
            } else {
                "This key was shown the mail that made the departure wait"
            };
            return Err(Error::new(Code::Forbidden, detail).fix(
                taint.advice("Decide with a key that does not read the mail of this inbox."),
            ));
        }
        Ok(format!("key:{key}"))
    }
}

/// Ends what waits without letting it leave: the label of its draft, the job and the event with it.
pub(crate) fn end(
    txn: &mut Txn<'_>,
    app: &App,
    approval: &Approval,
    (state, event): (ApprovalState, EventKind),
    by: Option<String>,
    reason: Option<String>,
) -> Result<Approval> {
    if let Ok(before) = txn.lock_draft(approval.draft_id) {
        let mut after = before.clone();
        after
            .labels
            .remove(&Label::system(crate::outbound::PENDING));
        after.updated_at = txn.now();
        txn.change_draft(&DraftChange {
            before,
            after,
            body: None,
            added: Vec::new(),
        })?;
    }
    let ended = txn.end_approval(
        approval,
        &ApprovalEnd {
            state,
            by,
            reason,
            sent: None,
        },
    )?;
    let id = approval.approval_id;
    txn.cancel_job(ExpireApproval::KIND, &ExpireApproval::key(id))?;
    txn.emit(app.approval_event(event, &ended)?);
    Ok(ended)
}

/// Ends what waits because its draft is deleted.
pub(crate) fn withdraw(txn: &mut Txn<'_>, draft: &Draft) -> Result<()> {
    if !is_pending(&draft.labels) {
        return Ok(());
    }
    let Some(approval) = txn.approval_of_draft(draft.draft_id)? else {
        return Ok(());
    };
    let by = match txn.access().actor() {
        Actor::Key(key) => Some(format!("key:{key}")),
        Actor::System(_) => None,
    };
    let end = ApprovalEnd {
        state: ApprovalState::Withdrawn,
        by,
        reason: None,
        sent: None,
    };
    txn.end_approval(&approval, &end)?;
    let id = approval.approval_id;
    txn.cancel_job(ExpireApproval::KIND, &ExpireApproval::key(id))
}

/// The refusal of a decision about words that nobody has seen.
pub(crate) fn changed(version: i64) -> Error {
    Error::new(Code::Conflict, "The draft was changed after it was held").fix(format!(
        "Read the draft again, then approve it with draft_version {version}."
    ))
}

fn decided(approval: &Approval) -> Error {
    let state = approval.state.name();
    Error::new(Code::Conflict, format!("This was decided before: {state}"))
        .fix("Read the approval to see what was decided; a new send is decided anew.")
}

fn reason(text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| text.trim().to_owned());
    let text = text.filter(|text| !text.is_empty());
    let sound = |text: &String| {
        text.chars().count() <= MAX_REASON && !text.chars().any(|c| c.is_control() && c != '\n')
    };
    if text.as_ref().is_some_and(|text| !sound(text)) {
        let detail = format!("A reason has at most {MAX_REASON} characters");
        return Err(Error::invalid("reason", "invalid_value", detail));
    }
    Ok(text)
}

/// An approval as the wire has it; `draft` is its draft where that was read too.
pub(crate) fn shown(approval: &Approval, draft: Option<&Draft>) -> wire::Approval {
    let sent = approval.sent.as_ref();
    let findings = approval.findings.iter().map(|finding| wire::Finding {
        rule: finding.rule.clone().into_owned(),
        detail: finding.detail.clone(),
        fix: finding.fix.clone(),
    });
    wire::Approval {
        approval_id: approval.approval_id.to_string(),
        organization_id: approval.org_id.to_string(),
        pod_id: approval.pod_id.to_string(),
        inbox_id: approval.inbox_id.to_string(),
        draft_id: approval.draft_id.to_string(),
        draft_version: draft.map_or(approval.draft_version, |draft| draft.version),
        state: approval.state.name().to_owned(),
        asked_by: approval.asked_by.map(|key| key.to_string()),
        findings: findings.collect(),
        tainted_by: approval.tainted_by.clone(),
        to: draft
            .map(|draft| draft.people.to.clone())
            .unwrap_or_default(),
        cc: draft
            .map(|draft| draft.people.cc.clone())
            .unwrap_or_default(),
        bcc: draft
            .map(|draft| draft.people.bcc.clone())
            .unwrap_or_default(),
        subject: draft.and_then(|draft| draft.subject.clone()),
        preview: draft.and_then(|draft| draft.preview.clone()),
        created_at: approval.created_at.to_string(),
        expires_at: approval.expires_at.to_string(),
        decided_at: approval.decided_at.map(|at| at.to_string()),
        decided_by: approval.decided_by.clone(),
        reason: approval.reason.clone(),
        message_id: sent.map(|(message, _)| message.to_string()),
        thread_id: sent.map(|(_, thread)| thread.to_string()),
    }
}

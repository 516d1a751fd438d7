//! Sends a draft at its time.
//!
//! The draft, its message and this job change together: the one transaction that files the message
//! removes the draft and ends the job. A server that dies before it has sent nothing and tries
//! again; after it there is nothing left to try.

use mail::Timestamp;
use model::draft::{Draft, SendStatus};
use model::label::Label;
use model::{Code, DraftId, Error, Kind, Result, perm};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, DraftChange, Finish, Grant, NewJob, Reason, Txn};

use crate::App;

/// The draft that goes.
#[derive(Serialize, Deserialize)]
pub(crate) struct SendDraft {
    draft: String,
}

impl SendDraft {
    pub(crate) const KIND: &'static str = "send_draft/1";

    /// The key under which a draft has at most one such job.
    pub(crate) fn key(id: DraftId) -> String {
        format!("draft:{id}")
    }

    /// The job that sends a draft at `at`, in place of an earlier one.
    pub(crate) fn job(job_id: store::JobId, id: DraftId, at: Timestamp) -> Result<NewJob> {
        let draft = id.to_string();
        Ok(NewJob {
            job_id,
            kind: Self::KIND,
            key: Some(Self::key(id)),
            run_at: at,
            payload: super::payload(&Self { draft })?,
        })
    }
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let SendDraft { draft } = super::read(job)?;
    let id: DraftId = draft.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let Some(draft) = begin(app, &grant, job, id).await? else {
        return Ok(());
    };
    match app.send_due_draft(&grant, draft, job.clone()).await {
        Ok(sent) => {
            tracing::info!(draft = %id, message = %sent.message_id, "a scheduled draft was sent");
            Ok(())
        }
        // It waits now; the transaction that made it wait has ended the job.
        Err(error) if error.code() == Code::ApprovalRequired => {
            tracing::info!(draft = %id, "a scheduled draft waits for approval");
            Ok(())
        }
        // Another worker has the job; what it does stands.
        Err(error) if error.code() == Code::RaceCondition => Err(error),
        Err(error) => settle(app, &grant, job, id, error).await,
    }
}

/// Marks the draft as being sent; `None` when there is nothing to send now.
async fn begin(
    app: &App,
    grant: &Grant<perm::Authenticated>,
    job: &ClaimedJob,
    id: DraftId,
) -> Result<Option<Draft>> {
    let job = job.clone();
    let begun = app.store().write(grant, move |txn| {
        let draft = match txn.lock_draft(id) {
            Ok(draft) => draft,
            Err(error) if error.kind() == Kind::NotFound => {
                txn.finish_job(&job, &Finish::Done)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let due = draft
            .send_at
            .filter(|_| draft.status != Some(SendStatus::Failed));
        match due {
            None => txn.finish_job(&job, &Finish::Done).map(|()| None),
            Some(at) if at > txn.now() => {
                let later = Finish::RetryAt(at, String::new());
                txn.finish_job(&job, &later).map(|()| None)
            }
            Some(_) => mark(txn, draft, |draft| draft.status = Some(SendStatus::Sending)).map(Some),
        }
    });
    begun.await
}

/// Keeps why a try failed: on the draft if it is over, otherwise for the next try.
async fn settle(
    app: &App,
    grant: &Grant<perm::Authenticated>,
    job: &ClaimedJob,
    id: DraftId,
    error: Error,
) -> Result<()> {
    let how = match (super::after(app, job, &error), error.wait()) {
        // Whoever says how long it takes knows better.
        (Finish::RetryAt(at, why), Some(wait)) => {
            Finish::RetryAt(at.max(app.now().plus(wait)), why)
        }
        (how, _) => how,
    };
    let reason = error.to_string();
    tracing::warn!(draft = %id, attempt = job.attempt, error = ?error, "a scheduled draft was not sent");
    let job = job.clone();
    let settled = app.store().write(grant, move |txn| {
        let draft = match txn.lock_draft(id) {
            Ok(draft) => draft,
            Err(error) if error.kind() == Kind::NotFound => {
                return txn.finish_job(&job, &Finish::Done);
            }
            Err(error) => return Err(error),
        };
        if let Finish::RetryAt(..) = &how {
            mark(txn, draft, |draft| {
                draft.status = Some(SendStatus::Scheduled);
            })?;
            return txn.finish_job(&job, &how);
        }
        let now = txn.now();
        mark(txn, draft, |draft| {
            draft.status = Some(SendStatus::Failed);
            draft.send_error = Some(reason.clone());
            draft.labels.remove(&Label::system("scheduled"));
            draft.updated_at = now;
        })?;
        txn.finish_job(&job, &Finish::Done)
    });
    settled.await
}

/// Changes a draft that this transaction holds.
fn mark(txn: &mut Txn<'_>, before: Draft, change: impl FnOnce(&mut Draft)) -> Result<Draft> {
    let mut after = before.clone();
    change(&mut after);
    let change = DraftChange {
        before,
        after,
        body: None,
        added: Vec::new(),
    };
    let changed = txn.change_draft(&change)?;
    changed.ok_or_else(|| Error::internal("a draft changed while it was held"))
}

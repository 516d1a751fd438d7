//! Declines what nobody has decided about in time.

use model::approval::{Approval, ApprovalState};
use model::{ApprovalId, Code, Error, EventKind, Result};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewJob, Reason};

use crate::{App, approvals};

/// What waits.
#[derive(Serialize, Deserialize)]
pub(crate) struct ExpireApproval {
    approval: String,
}

impl ExpireApproval {
    pub(crate) const KIND: &'static str = "expire_approval/1";

    /// The key under which an approval has one such job.
    pub(crate) fn key(id: ApprovalId) -> String {
        format!("approval:{id}")
    }
}

/// The job that ends an approval at its time.
pub(crate) fn job(app: &App, approval: &Approval) -> Result<NewJob> {
    let id = approval.approval_id;
    Ok(NewJob {
        job_id: app.env().ids.ordered(approval.created_at),
        kind: ExpireApproval::KIND,
        key: Some(ExpireApproval::key(id)),
        run_at: approval.expires_at,
        payload: super::payload(&ExpireApproval {
            approval: id.to_string(),
        })?,
    })
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let ExpireApproval { approval } = super::read(job)?;
    let id: ApprovalId = approval.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Operation)?;
    let (job, ender) = (job.clone(), app.clone());
    app.store()
        .write(&grant, move |txn| {
            let ended = txn.lock_approval(id).and_then(|approval| {
                if approval.state == ApprovalState::Pending {
                    let kind = EventKind::ApprovalExpired;
                    approvals::end(
                        txn,
                        &ender,
                        &approval,
                        (ApprovalState::Expired, kind),
                        None,
                        None,
                    )?;
                }
                Ok(())
            });
            match ended {
                Err(error) if error.code() != Code::NotFound => Err(error),
                _ => txn.finish_job(&job, &Finish::Done),
            }
        })
        .await
}

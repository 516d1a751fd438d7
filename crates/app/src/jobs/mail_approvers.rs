//! Asks those by mail who may decide about a held departure.

use std::time::Duration;

use model::{ApprovalId, Error, Result};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewJob, Reason};

use crate::App;
use crate::approvals::Asked;

/// When somebody who was asked too often is asked again.
const LATER: Duration = Duration::from_secs(600);

/// What waits.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailApprovers {
    approval: String,
    /// Who alone is asked, in the form of `Address::key`; everybody where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approver: Option<String>,
}

impl MailApprovers {
    pub(crate) const KIND: &'static str = "mail_approvers/1";

    /// The job that asks about an approval.
    pub(crate) fn about(app: &App, id: ApprovalId, approver: Option<String>) -> Result<NewJob> {
        let now = app.now();
        Ok(NewJob {
            job_id: app.env().ids.ordered(now),
            kind: Self::KIND,
            key: Some(match &approver {
                Some(approver) => format!("approval:{id}:{approver}"),
                None => format!("approval:{id}"),
            }),
            run_at: now,
            payload: super::payload(&Self {
                approval: id.to_string(),
                approver,
            })?,
        })
    }
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let MailApprovers { approval, approver } = super::read(job)?;
    let id: ApprovalId = approval.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let asked = Box::pin(app.ask_approvers(&grant, id, approver.as_deref())).await?;
    let how = match asked {
        Asked::All => Finish::Done,
        Asked::Later => {
            let why = "an approver was asked too often within an hour";
            Finish::RetryAt(app.now().plus(LATER), why.to_owned())
        }
    };
    super::finish(app, job, how).await
}

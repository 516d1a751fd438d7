//! The kinds of durable background work, one file each.
//!
//! A job may run more than once: its effect and its end commit together, and what it does outside
//! the store must bear repetition.

pub(crate) mod check_domain;
pub(crate) mod check_shared_domain;
pub(crate) mod deliver_mail;
pub(crate) mod expire_approval;
pub(crate) mod expire_hooks;
pub(crate) mod forget_answers;
pub(crate) mod mail_approvers;
pub(crate) mod mail_code;
pub(crate) mod notify_sender;
pub(crate) mod post_hook;
pub(crate) mod purge_hook;
pub(crate) mod purge_inbox;
pub(crate) mod renew_certificate;
pub(crate) mod replay_hook;
pub(crate) mod send_draft;
pub(crate) mod sweep_objects;
pub(crate) mod trim_events;

use std::time::Duration;

use model::{Code, Error, Kind, Result, perm};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{ClaimedJob, Finish, Grant, Reason};

use crate::App;

/// A fault of ours is tried so often before the job is kept for the operator.
const MAX_FAULTS: i64 = 10;

/// A job's data as stored.
pub(crate) fn payload<T: Serialize>(job: &T) -> Result<String> {
    serde_json::to_string(job).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(job: &ClaimedJob) -> Result<T> {
    serde_json::from_str(&job.payload).map_err(Error::internal)
}

/// Runs one try of a job. A kind whose effect is in the store ends its job itself; whatever fails
/// is put off or kept for the operator here.
pub(crate) async fn run(app: &App, job: ClaimedJob) {
    let done = match job.kind.as_str() {
        check_domain::CheckDomain::KIND => check_domain::run(app, &job).await,
        check_shared_domain::CheckSharedDomain::KIND => check_shared_domain::run(app, &job).await,
        forget_answers::ForgetAnswers::KIND => forget_answers::run(app, &job).await,
        store::POST_HOOK => post_hook::run(app, &job).await,
        renew_certificate::RenewCertificate::KIND => renew_certificate::run(app, &job).await,
        replay_hook::ReplayHook::KIND => replay_hook::run(app, &job).await,
        purge_hook::PurgeHook::KIND => purge_hook::run(app, &job).await,
        expire_approval::ExpireApproval::KIND => expire_approval::run(app, &job).await,
        expire_hooks::ExpireHooks::KIND => expire_hooks::run(app, &job).await,
        mail_approvers::MailApprovers::KIND => mail_approvers::run(app, &job).await,
        mail_code::MailCode::KIND => mail_code::run(app, &job).await,
        notify_sender::NotifySender::KIND => notify_sender::run(app, &job).await,
        purge_inbox::PurgeInbox::KIND => purge_inbox::run(app, &job).await,
        send_draft::SendDraft::KIND => send_draft::run(app, &job).await,
        sweep_objects::SweepObjects::KIND => sweep_objects::run(app, &job).await,
        trim_events::TrimEvents::KIND => trim_events::run(app, &job).await,
        _ => Err(Error::new(
            Code::InternalError,
            "this server does not know the kind of job",
        )),
    };
    if let Err(error) = done {
        failed(app, &job, &error).await;
    }
}

/// Puts a job off whose try failed, or keeps it for the operator.
pub(crate) async fn failed(app: &App, job: &ClaimedJob, error: &Error) {
    if error.code() == Code::RaceCondition {
        // Somebody else took the job over; what they do stands.
        tracing::warn!(job = %job.job_id, kind = %job.kind, "the lease of a job was lost");
        return;
    }
    let how = after(app, job, error);
    tracing::warn!(job = %job.job_id, kind = %job.kind, attempt = job.attempt, error = ?error, "a job failed");
    if let Err(error) = finish(app, job, how).await {
        // Its lease runs out and it is tried again.
        tracing::error!(job = %job.job_id, error = ?error, "the end of a job could not be stored");
    }
}

fn after(app: &App, job: &ClaimedJob, error: &Error) -> Finish {
    let again = match error.kind() {
        Kind::Quota | Kind::RateLimited | Kind::Unavailable => true,
        Kind::Internal => job.attempt < MAX_FAULTS,
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Refused
        | Kind::TooLarge => false,
    };
    if again {
        // An error that says when to come again knows better.
        let pause = pause(job.attempt).max(error.wait().unwrap_or_default());
        Finish::RetryAt(app.now().plus(pause), error.to_string())
    } else {
        Finish::Park(error.to_string())
    }
}

/// One second, then twice as long each time, up to an hour.
fn pause(attempt: i64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1))
        .unwrap_or(0)
        .min(12);
    Duration::from_secs(1 << doublings).min(Duration::from_secs(3600))
}

pub(crate) async fn finish(app: &App, job: &ClaimedJob, how: Finish) -> Result<()> {
    let grant = grant(app, job, Reason::Operation)?;
    let job = job.clone();
    app.store()
        .write(&grant, move |txn| txn.finish_job(&job, &how))
        .await
}

fn grant(app: &App, job: &ClaimedJob, reason: Reason) -> Result<Grant<perm::Authenticated>> {
    app.store().system(job.org_id, reason).grant()
}

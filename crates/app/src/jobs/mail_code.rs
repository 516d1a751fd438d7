//! Mails the human of an agent the code that confirms them.
//!
//! It leaves like any other mail, from an inbox of the operator's organisation: in the agent's own
//! it could read the code itself. A repetition of the job sends nothing twice.

use model::IdempotencyKey;
use model::inbox::InboxStatus;
use model::{Code, Error, InboxKey, Result, perm};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Finish, NewInbox, NewInboxOutcome, Reason};
use wire::{OneOrMany, SendMessageRequest};

use crate::{App, inboxes};

/// The caller's own id of the inbox that codes come from, by which it is found again.
const SENDER: &str = "mailroost-sign-up";

/// The code to be mailed.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailCode {
    /// What it follows from; another one has been asked for when it is not the organisation's.
    pub(crate) code: String,
}

impl MailCode {
    pub(crate) const KIND: &'static str = "mail_code/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let MailCode { code } = super::read(job)?;
    let grant = super::grant(app, job, Reason::Operation)?;
    let found = app.store().read(&grant, |view| {
        let Some(agent) = view.agent()? else {
            return Ok(None);
        };
        // Its owner may have deleted the inbox; then nobody waits for the code.
        let inbox = view.inbox_of_key(agent.inbox).ok();
        Ok(inbox.map(|inbox| (agent, inbox.inbox_id)))
    });
    if let Some((agent, inbox)) = found.await?
        && let (Some(nonce), Some(human)) = (agent.code, agent.human)
        && nonce.to_string() == code
    {
        let digits = app.0.code_key.code(job.org_id, nonce);
        let act = IdempotencyKey::parse(&code)?;
        mail(app, act, human, inbox.as_str(), &digits).await?;
    }
    super::finish(app, job, Finish::Done).await
}

async fn mail(
    app: &App,
    act: IdempotencyKey,
    human: String,
    agent: &str,
    digits: &str,
) -> Result<()> {
    let operator = app.store().first_org().await?;
    let operator = operator.ok_or_else(|| Error::not_found("Organization"))?;
    let access = app.store().system(operator, Reason::Operation);
    let inbox = sender(app, &access.grant()?).await?;
    let text = format!(
        "{digits} is the code for the agent at {agent}.\n\n\
         The agent says that it works for you. If it does, give it this code: then it may write to \
         anybody. Until then it can write to you only.\n\n\
         If you know nothing of it, do nothing. The code ends after 24 hours.\n"
    );
    let request = SendMessageRequest {
        to: Some(OneOrMany(vec![human])),
        subject: Some(format!("{digits} is the code for {agent}")),
        text: Some(text),
        ..SendMessageRequest::default()
    };
    app.send(
        &access.grant::<perm::MessageSend>()?,
        &inbox,
        Some(act),
        request,
    )
    .await
    .map(|_| ())
}

/// The inbox that codes come from, made when it is not there.
async fn sender(app: &App, grant: &store::Grant<perm::InboxCreate>) -> Result<model::InboxId> {
    let operator = grant.access().org_id();
    for name in [
        "sign-up".to_owned(),
        format!("sign-up-{}", app.random_name()),
    ] {
        let new = NewInbox {
            key: InboxKey::new(app.env().ids.ordered(app.now())),
            pod_id: operator.default_pod(),
            inbox_id: inboxes::address(&name, &app.settings().default_domain)?,
            display_name: Some("Mailroost".to_owned()),
            client_id: Some(SENDER.to_owned()),
            status: InboxStatus::Active,
            metadata: None,
        };
        let made = app.store().write(grant, move |txn| txn.create_inbox(&new));
        match made.await? {
            NewInboxOutcome::Made(inbox) | NewInboxOutcome::Known(inbox) => {
                return Ok(inbox.inbox_id);
            }
            NewInboxOutcome::Taken => {}
        }
    }
    Err(Error::new(
        Code::ServiceUnavailable,
        "There is no inbox that codes could come from",
    ))
}

//! Tells a sender by mail what became of a message, where the owner of its domain wants that: a
//! report of RFC 3464 in the inbox that had sent, with no return path.

use mail::dsn::{Action, Class, Failure, Notification, Status, compose};
use mail::{Address, MessageId};
use model::message::Message;
use model::message::Way;
use model::{Error, Kind, MessageKey, Result};
use serde::{Deserialize, Serialize};
use store::{ClaimedJob, Delivery, DeliveryReport, Finish, Reason, ReportKind};

use crate::App;
use crate::inbound::Arrival;

/// The deliveries that are told of.
#[derive(Serialize, Deserialize)]
pub(crate) struct NotifySender {
    /// The message's row.
    pub(crate) message: String,
    /// Its deliveries.
    pub(crate) deliveries: Vec<String>,
    /// They are late, and not over.
    pub(crate) delayed: bool,
}

impl NotifySender {
    pub(crate) const KIND: &'static str = "notify_sender/1";
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let notice: NotifySender = super::read(job)?;
    let key: MessageKey = notice.message.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let found = app.store().read(&grant, move |view| {
        let message = view.message_of_key(key)?;
        let deliveries = view.deliveries(key, None)?;
        let reports = view.delivery_reports(key)?;
        Ok((message, deliveries, reports))
    });
    let (message, deliveries, reports) = match found.await {
        Ok(found) => found,
        // Whoever deletes a message does not want to hear of it.
        Err(error) if error.kind() == Kind::NotFound => {
            return super::finish(app, job, Finish::Done).await;
        }
        Err(error) => return Err(error),
    };
    let failures: Vec<Failure> = deliveries
        .iter()
        .filter(|one| notice.deliveries.contains(&one.delivery_id.to_string()))
        .filter_map(|one| failure(one, &reports, notice.delayed))
        .collect();
    if !failures.is_empty() {
        let raw = app.store().raw(&grant, key).await?;
        match tell(app, job, &message, &failures, raw).await {
            // The inbox is gone, or takes no mail any more.
            Err(error) if error.kind() == Kind::NotFound => {}
            other => other?,
        }
    }
    super::finish(app, job, Finish::Done).await
}

async fn tell(
    app: &App,
    job: &ClaimedJob,
    message: &Message,
    failures: &[Failure],
    original: bytes::Bytes,
) -> Result<()> {
    let settings = app.settings();
    let from = format!("mailer-daemon@{}", settings.default_domain);
    let from = Address::parse(&from).map_err(Error::internal)?;
    let to = Address::parse(message.inbox_id.as_str()).map_err(Error::internal)?;
    // The same at every try of the job, so that it is filed only once.
    let id = format!("<{}@{}>", job.job_id.simple(), settings.default_domain);
    let id = MessageId::parse(&id).ok_or_else(|| Error::internal("an id of ours is none"))?;
    let raw = compose(&Notification {
        reporter: &settings.hostname,
        from: &from,
        to: &to,
        date: message.updated_at,
        message_id: &id,
        about: Some(&message.message_id),
        arrived: Some(message.at),
        failures,
        original: &original,
        seed: *job.job_id.as_bytes(),
    });
    let arrival = Arrival {
        recipients: vec![to.key()],
        reverse_path: None,
        raw: raw.into(),
        at: app.now(),
        trace: mail::trace::return_path(None),
        way: Way::Server,
        session: None,
    };
    app.receive(arrival).await
}

/// What to say of a delivery; nothing of one to a mail system itself.
fn failure(delivery: &Delivery, reports: &[DeliveryReport], delayed: bool) -> Option<Failure> {
    let recipient = Address::parse(&delivery.recipient).ok()?;
    if crate::bounces::is_reporting(&recipient) {
        return None;
    }
    let report = reports.iter().find(|one| {
        one.delivery_id == delivery.delivery_id && one.kind == ReportKind::Bounce && !delayed
    });
    let detail = delivery.detail.clone().unwrap_or_default();
    let diagnostic = report.map_or(detail, |report| report.detail.clone());
    let status = report
        .and_then(|report| report.status.as_deref())
        .and_then(Status::parse)
        .or_else(|| mail::dsn::Words::of(&diagnostic).status);
    let class = report.and_then(|report| Class::parse(&report.class));
    let (action, general) = if delayed {
        (Action::Delayed, Status(4, 0, 0))
    } else {
        (Action::Failed, Status(5, 0, 0))
    };
    Some(Failure {
        recipient,
        action,
        status: status.unwrap_or(general),
        diagnostic,
        because: class.map_or("", explained).to_owned(),
        until: None,
    })
}

fn explained(class: Class) -> &'static str {
    match class {
        Class::InvalidMailbox => "There is no such mailbox.",
        Class::InvalidDomain => "The domain does not exist or takes no mail.",
        Class::Inactive => "The mailbox is closed.",
        Class::MailboxFull => "The mailbox is full.",
        Class::SpamBlock => "The other server takes this server or the message for spam.",
        Class::Policy => "The rules of the recipient refuse the message.",
        Class::TooLarge => "The message is too large for the recipient.",
        Class::Authentication => "The other server does not believe who the sender is.",
        Class::RateLimited => "The recipient gets too much mail at once.",
        Class::Greylisted => "The other server puts unknown senders off.",
        Class::Content => "The other server refuses what is in the message.",
        Class::Network => "The other server could not be reached.",
        Class::Loop => "The message went in circles.",
        Class::Expired => "It was tried for too long.",
        Class::Suppressed => "This address is suppressed.",
        Class::Unknown => "",
    }
}

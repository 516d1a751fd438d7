//! Posts what is due to one webhook.
//!
//! There is one job for each webhook with something to post, so that one receiver never has more
//! than [`AT_ONCE`] requests of ours, however many processes there are. A try takes a handful of
//! deliveries and puts the job off to when the next is due; others get their turn in between.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mail::Timestamp;
use model::webhook::HookState;
use model::{Error, EventKind, Hidden, Kind, Result, WebhookId};
use serde::{Deserialize, Serialize};
use store::{
    AttemptEnd, ClaimedJob, DueHook, Finish, NewEvent, NewJob, POST_HOOK, Reason, Shown, Txn, View,
    WebhookRow,
};
use sys::dial::{Answer, DialError, Limits, Request};
use url::Url;
use uuid::Uuid;

use crate::webhooks::{body, open_fields, open_secrets, schedule, sign, told};
use crate::{App, fetch, jobs};

/// Requests that one receiver gets at once.
const AT_ONCE: usize = 4;

/// Deliveries of one try. With the time limit they take less than half of the lease.
const BATCH: i64 = 12;

/// What a request may take. A receiver that has not answered by then has failed.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    total: Duration::from_secs(15),
    body: 1 << 10,
};

/// How long requests under way are waited for when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait when the fault is ours.
const AFTER_FAULT: Duration = Duration::from_secs(30);

/// The receiver wants no more.
const GONE: u16 = 410;

/// The webhook that is posted to.
#[derive(Serialize, Deserialize)]
pub(crate) struct PostHook {
    webhook: String,
}

/// The job for a webhook. Added again, it looks for what is due now.
pub(crate) fn job(webhook: WebhookId, job_id: Uuid, at: Timestamp) -> Result<NewJob> {
    let webhook = webhook.to_string();
    Ok(NewJob {
        job_id,
        kind: POST_HOOK,
        key: Some(webhook.clone()),
        run_at: at,
        payload: jobs::payload(&PostHook { webhook })?,
    })
}

pub(super) async fn run(app: &App, job: &ClaimedJob) -> Result<()> {
    let how = match post(app, job).await {
        Ok(how) => how,
        Err(error) => {
            // The webhook's owner did nothing wrong, and what waits must not be forgotten.
            tracing::error!(error = ?error, "webhooks cannot be posted to");
            Finish::RetryAt(app.now().plus(AFTER_FAULT), error.to_string())
        }
    };
    super::finish(app, job, how).await
}

async fn post(app: &App, job: &ClaimedJob) -> Result<Finish> {
    let PostHook { webhook } = super::read(job)?;
    let id: WebhookId = webhook.parse().map_err(Error::internal)?;
    let grant = super::grant(app, job, Reason::Delivery)?;
    let taints = app.settings().gate.taints_readers();
    let found = app.store().read(&grant, move |view| look(view, id, taints));
    let mut found = found.await?;
    let gathers = |work: &Work| work.due.iter().any(|one| one.gathers);
    if found.as_ref().is_some_and(gathers) {
        // What arrives from now on is told by another delivery, and nothing is posted that the taint
        // below does not know of.
        let closed = app.store().write(&grant, move |txn| {
            if let Some(hook) = enabled(txn, id)? {
                txn.close_gathering(&hook)?;
            }
            let mut work = look(txn, id, taints)?;
            if let Some(work) = &mut work {
                // One that came between the two statements is closed the next time.
                work.due.retain(|one| !one.gathers);
            }
            Ok(work)
        });
        found = closed.await?;
    }
    let Some(Work { hook, due, handed }) = found else {
        return Ok(Finish::Done);
    };
    // Whoever is behind the receiver has no key here: before anything is posted, it counts as shown to
    // all that could be theirs.
    app.taint_readers(&grant, handed).await?;
    let courier = Courier::new(app, job, &hook);
    let results: Vec<Result<()>> = stream::iter(due)
        .map(|one| courier.deliver(one))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    results.into_iter().collect::<Result<()>>()?;
    let next = app
        .store()
        .read(&grant, move |view| match enabled(view, id)? {
            Some(hook) => view.next_hook_due(&hook),
            None => Ok(None),
        });
    Ok(match next.await? {
        Some(next) => Finish::RetryAt(next, String::new()),
        None => Finish::Done,
    })
}

/// What is to be posted now, and the mail of strangers that is handed out with it.
struct Work {
    hook: WebhookRow,
    due: Vec<DueHook>,
    handed: Vec<Shown>,
}

fn look(view: &mut View<'_>, id: WebhookId, taints: bool) -> Result<Option<Work>> {
    let Some(hook) = enabled(view, id)? else {
        return Ok(None);
    };
    let due = view.due_hooks(&hook, BATCH)?;
    let of_log = due.iter().filter(|one| taints && one.body.is_none());
    let told = of_log.flat_map(|one| {
        let others = one.gathered.iter().map(|other| other.seq);
        std::iter::once(one.delivery.seq).chain(others)
    });
    let told: Vec<i64> = told.collect();
    let handed = view.strangers_in_events(&told)?;
    Ok(Some(Work { hook, due, handed }))
}

/// A webhook, unless it is gone or disabled.
fn enabled(view: &mut View<'_>, id: WebhookId) -> Result<Option<WebhookRow>> {
    match view.webhook(id) {
        Ok(hook) => Ok(Some(hook).filter(|hook| hook.webhook.enabled)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Carries events to one webhook.
struct Courier<'a> {
    app: &'a App,
    job: &'a ClaimedJob,
    /// What cannot be opened is the fault of every attempt.
    opened: Result<Opened, String>,
}

struct Opened {
    url: Url,
    secrets: Vec<Vec<u8>>,
    fields: HeaderMap,
}

/// What came of a request.
struct Outcome {
    status: Option<u16>,
    error: Option<String>,
    answer: Option<String>,
    asked: Option<Duration>,
}

impl<'a> Courier<'a> {
    fn new(app: &'a App, job: &'a ClaimedJob, hook: &'a WebhookRow) -> Self {
        let opened = open(app, hook).map_err(|error| {
            tracing::error!(webhook = %hook.webhook.webhook_id, error = ?error, "a webhook cannot be opened");
            "the server cannot read the secret of the webhook".to_owned()
        });
        Self { app, job, opened }
    }

    async fn deliver(&self, due: DueHook) -> Result<()> {
        let mut shutdown = self.app.0.tasks.shutdown();
        if shutdown.is_requested() {
            return Ok(());
        }
        let at = self.app.now();
        let clock = &self.app.env().clock;
        let cut = async {
            shutdown.requested().await;
            clock.sleep_until(self.app.now().plus(GRACE)).await;
        };
        let outcome = tokio::select! {
            outcome = Box::pin(self.attempt(&due)) => outcome?,
            // It stays due, and is made again after the start.
            () = cut => return Ok(()),
        };
        self.settle(&due, at, outcome).await
    }

    async fn attempt(&self, due: &DueHook) -> Result<Outcome> {
        let Some(body) = self.body(due).await? else {
            return Ok(Outcome::failed("the event is no longer in the log"));
        };
        let opened = match &self.opened {
            Ok(opened) => opened,
            Err(problem) => return Ok(Outcome::failed(problem)),
        };
        let id = due.delivery.delivery_id.to_string();
        let headers = opened.signed(&id, self.app.now(), body.as_bytes())?;
        let request = Request {
            method: Method::POST,
            url: &opened.url,
            headers,
            body: Bytes::from(body),
            limits: LIMITS,
        };
        let answer = self.app.0.dialer.send(request).await;
        Ok(Outcome::of(answer, self.app.now()))
    }

    /// The bytes to post; `None` when they are no longer there.
    async fn body(&self, due: &DueHook) -> Result<Option<String>> {
        if let Some(body) = &due.body {
            return Ok(Some(body.clone()));
        }
        let (seq, event) = (due.delivery.seq, due.delivery.event_id);
        let grant = super::grant(self.app, self.job, Reason::Delivery)?;
        let found = self
            .app
            .store()
            .read(&grant, move |view| view.log_entry(seq));
        match found.await {
            Ok(entry) if entry.event_id == event => {
                let posted = body::posted(&entry.body);
                Ok(Some(body::with_gathered(posted, &due.gathered)))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn settle(&self, due: &DueHook, at: Timestamp, outcome: Outcome) -> Result<()> {
        let now = self.app.now();
        let [a, b] = self.app.env().ids.bytes::<2>();
        let next = schedule::pause(
            due.delivery.tries + 1,
            u16::from_be_bytes([a, b]),
            outcome.asked,
        );
        let taken = outcome.error.is_none();
        let gone = outcome.status == Some(GONE);
        let (state, due_at) = match next {
            _ if taken => (HookState::Delivered, None),
            Some(pause) if !gone => (HookState::Pending, Some(now.plus(pause))),
            _ => (HookState::Failed, None),
        };
        let micros = i64::try_from(now.since(at).as_micros()).unwrap_or(i64::MAX);
        let end = AttemptEnd {
            state,
            due_at,
            at,
            micros,
            status: outcome.status.map(i64::from),
            error: outcome.error,
            answer: outcome.answer,
        };
        let (id, delivery) = (due.delivery.webhook_id, due.delivery.delivery_id);
        tracing::debug!(webhook = %id, delivery = %delivery, state = state.name(), error = end.error, "a webhook was posted to");
        let random = self.app.env().ids.random().as_u128();
        let grant = super::grant(self.app, self.job, Reason::Delivery)?;
        self.app
            .store()
            .write(&grant, move |txn| {
                if !txn.settle_hook(delivery, &end)? {
                    return Ok(());
                }
                if taken {
                    return txn.hook_works(id);
                }
                txn.hook_fails(id)?;
                disable_if_hopeless(txn, id, gone, random)
            })
            .await
    }
}

/// Disables a webhook whose receiver wants no more or has not taken anything for days, and tells
/// the readers of the log.
fn disable_if_hopeless(txn: &mut Txn<'_>, id: WebhookId, gone: bool, random: u128) -> Result<()> {
    let held = match txn.lock_webhook(id) {
        Ok(held) => held,
        // Its owner deleted it meanwhile.
        Err(error) if error.kind() == Kind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let now = txn.now();
    let since = held.webhook.failing_since;
    let hopeless = since.is_some_and(|since| now.since(since) >= schedule::PATIENCE);
    if !held.webhook.enabled || !(gone || hopeless) {
        return Ok(());
    }
    let reason = if gone {
        "the receiver answered 410 Gone"
    } else {
        "every attempt has failed for 5 days"
    };
    txn.switch_webhook(&held, false, Some(reason))?;
    let row = txn.webhook(id)?;
    let (pod_id, inbox_key) = match row.webhook.scope {
        model::api_key::Scope::Org => (None, None),
        model::api_key::Scope::Pod(pod) => (Some(pod), None),
        model::api_key::Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
    };
    let told = told(txn, row)?;
    let told = serde_json::to_string(&told).map_err(Error::internal)?;
    txn.emit(NewEvent {
        kind: EventKind::WebhookDisabled,
        pod_id,
        inbox_key,
        message_key: None,
        hidden: Hidden::NONE,
        payload: format!("\"webhook\":{told}"),
        tail: None,
        random,
    });
    Ok(())
}

fn open(app: &App, hook: &WebhookRow) -> Result<Opened> {
    let seal = &app.0.seal;
    let mut fields = HeaderMap::new();
    for (name, value) in open_fields(seal, hook)? {
        let name = name.parse::<HeaderName>().map_err(Error::internal)?;
        let mut value = HeaderValue::try_from(value).map_err(Error::internal)?;
        value.set_sensitive(true);
        fields.insert(name, value);
    }
    Ok(Opened {
        url: Url::parse(&hook.webhook.url).map_err(Error::internal)?,
        secrets: open_secrets(seal, hook, app.now())?,
        fields,
    })
}

impl Opened {
    /// All header fields of a request, under both families of names.
    fn signed(&self, id: &str, now: Timestamp, body: &[u8]) -> Result<HeaderMap> {
        let seconds = now.as_millis().div_euclid(1000);
        let signature = sign::signatures(&self.secrets, id, seconds, body)?;
        let value = |text: &str| HeaderValue::try_from(text).map_err(Error::internal);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, fetch::AGENT);
        headers.extend(self.fields.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (svix, standard, text) in [
            ("svix-id", "webhook-id", id),
            ("svix-timestamp", "webhook-timestamp", &seconds.to_string()),
            ("svix-signature", "webhook-signature", &signature),
        ] {
            headers.insert(HeaderName::from_static(svix), value(text)?);
            headers.insert(HeaderName::from_static(standard), value(text)?);
        }
        Ok(headers)
    }
}

impl Outcome {
    fn failed(problem: &str) -> Self {
        Self {
            status: None,
            error: Some(problem.to_owned()),
            answer: None,
            asked: None,
        }
    }

    fn of(answer: Result<Answer, DialError>, now: Timestamp) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Self::failed(&error.to_string()),
        };
        let status = answer.status;
        let field = answer
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let asked = field.filter(|_| matches!(status, 429 | 503));
        let error = match status {
            200..=299 => None,
            300..=399 => Some(format!(
                "the answer was {status}: redirects are not followed"
            )),
            _ => Some(format!("the answer was {status}")),
        };
        // Databases take no zeros in text.
        let text = String::from_utf8_lossy(&answer.body).replace('\0', "\u{fffd}");
        Self {
            status: Some(status),
            error,
            answer: (!text.is_empty()).then_some(text),
            asked: asked.and_then(|value| schedule::retry_after(value, now)),
        }
    }
}

//! Waiting for a message: one request in place of a loop that asks again and again.
//!
//! What has arrived already is looked at first, then the event log is followed. A claim is made in a
//! transaction of its own right before the answer, so that of several who wait one alone is given the
//! message, on every engine and after every restart.

use std::time::Duration;

use mail::{MessageId, Timestamp};
use model::message::{Codes, Content, Direction, Message};
use model::page::MessageFilter;
use model::{Error, EventFilter, Hidden, InboxKey, Kind, Result, perm};
use serde::Deserialize;
use store::Grant;
use sys::Shutdown;

use crate::batch::inbox_of;
use crate::log::{After, Found};
use crate::tail::Event;
use crate::{App, render};

/// How far a request that does not say where to begin looks back: long enough for a program that
/// pressed the button before it asks, short enough not to find the code of another day.
const LOOK_BACK: Duration = Duration::from_mins(2);
/// How many messages of that time are looked at.
const RECENT: usize = 50;
/// Events read at once where a request begins in the past.
const AT_ONCE: usize = 32;

/// What a request waits for. Every part must hold.
#[derive(Clone, Debug, Default)]
pub struct WaitQuery {
    /// Parts of From, each of which must occur.
    pub from: Vec<String>,
    /// Parts of the subject, each of which must occur.
    pub subject: Vec<String>,
    /// Whether it has a one-time code.
    pub has_code: Option<bool>,
    /// Whether it has a link to follow.
    pub has_link: Option<bool>,
    /// Kinds of facts, each of which it must have.
    pub facts: Vec<mail::facts::Kind>,
    /// Which otherwise hidden messages count too.
    pub include: Hidden,
    /// Where to begin: an event id, a cursor, `start` or `now`.
    pub after: Option<String>,
    /// How long to wait.
    pub timeout: Duration,
}

/// That the message is for this request alone.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Claiming changes what others are given, so it takes a right of its own.
    pub grant: Grant<perm::MessageUpdate>,
    /// For how long; for good where that is not said.
    pub ttl: Option<Duration>,
}

/// A request that waits.
struct Waiter<'a> {
    grant: &'a Grant<perm::MessageRead>,
    inbox: InboxKey,
    query: WaitQuery,
    claim: Option<Claim>,
}

/// A message that fits, and whether it is claimed until when.
struct Hit {
    message: Message,
    content: Content,
    codes: Codes,
    claimed_until: Option<Timestamp>,
}

/// The part of an event's body that names its message.
#[derive(Deserialize)]
struct About {
    message: Named,
}

#[derive(Deserialize)]
struct Named {
    message_id: String,
}

impl App {
    /// The first message that arrives in the inbox the grant reaches and fits, with its codes and
    /// links. Without a place to begin, the newest that fits of the last two minutes serves too. When
    /// the time is over, or the server stops, the answer says so and where to go on.
    ///
    /// # Errors
    /// `missing_permission` for hidden mail, `validation_error` for a place, or `unknown_api_key` when
    /// the key ends meanwhile.
    pub async fn wait(
        &self,
        grant: &Grant<perm::MessageRead>,
        claim: Option<Claim>,
        query: WaitQuery,
        mut stop: Shutdown,
    ) -> Result<wire::WaitResponse> {
        let until = self.now().plus(query.timeout);
        let waiter = Waiter {
            inbox: inbox_of(grant)?,
            grant,
            query,
            claim,
        };
        let filter = self.arrivals(&waiter).await?;
        let (mut position, hit) = self.before(&waiter).await?;
        if let Some(hit) = hit {
            return Ok(self.given(&waiter, &hit, position));
        }
        if let Some((hit, at)) = self.so_far(&waiter, &filter, &mut position, until).await? {
            return Ok(self.given(&waiter, &hit, at));
        }
        let mut tail = self.tail(grant.access().clone());
        tail.listen(filter, After::Position(position)).await?;
        loop {
            let next = tokio::select! {
                next = sys::timeout_at(&*self.env().clock, until, tail.next()) => next,
                () = stop.requested() => Err(sys::Elapsed),
            };
            let event = match next {
                Ok(Ok(event)) => event,
                Ok(Err(error)) if error.kind() != Kind::Unavailable => return Err(error),
                Ok(Err(_)) | Err(sys::Elapsed) => break,
            };
            if let Some(hit) = self.arrived(&waiter, &event).await? {
                return Ok(self.given(&waiter, &hit, event.event_id.seq()));
            }
        }
        Ok(wire::WaitResponse {
            timed_out: true,
            message: None,
            codes: None,
            claimed: false,
            claim_expires_at: None,
            next_after: self.cursor(grant.access(), tail.position()),
        })
    }

    /// The events that tell of messages that may fit.
    async fn arrivals(&self, waiter: &Waiter<'_>) -> Result<EventFilter> {
        let mut kinds = vec!["message.received".to_owned()];
        let hidden = Hidden::ALL.into_iter();
        kinds.extend(
            hidden
                .filter(|(_, reason, _)| reason.is_within(waiter.query.include))
                .filter(|(_, reason, _)| *reason != Hidden::TRASH)
                .map(|(label, ..)| format!("message.received.{label}")),
        );
        let access = waiter.grant.access();
        let filter = self.event_filter(access, Some(&kinds), None, None).await?;
        Ok(EventFilter {
            inboxes: vec![waiter.inbox],
            ..filter
        })
    }

    /// The place in the log from which to wait, and what fits of the time right before it.
    async fn before(&self, waiter: &Waiter<'_>) -> Result<(i64, Option<Hit>)> {
        if let Some(text) = &waiter.query.after {
            let after = self.read_after(waiter.grant.access(), text)?;
            let place = self
                .store()
                .read(waiter.grant, move |view| after.position(view));
            return Ok((place.await?, None));
        }
        let filter = MessageFilter {
            after: Some(self.now().minus(LOOK_BACK)),
            include: waiter.query.include,
            labels: vec![Direction::Received.label().to_owned()],
            from: waiter.query.from.clone(),
            subject: waiter.query.subject.clone(),
            ..MessageFilter::default()
        };
        let inbox = waiter.inbox;
        let read = self.store().read(waiter.grant, move |view| {
            Ok((
                view.log_end()?,
                view.messages(inbox, &filter, None, RECENT)?,
            ))
        });
        let (end, recent) = read.await?;
        for message in recent {
            if let Some(hit) = self.fitting(waiter, message).await? {
                return Ok((end, Some(hit)));
            }
        }
        Ok((end, None))
    }

    /// Looks through the log from `position`, which moves, to its end.
    async fn so_far(
        &self,
        waiter: &Waiter<'_>,
        filter: &EventFilter,
        position: &mut i64,
        until: Timestamp,
    ) -> Result<Option<(Hit, i64)>> {
        loop {
            let mut page = Found {
                position: *position,
                end: 0,
                events: Vec::new(),
            };
            self.fill(waiter.grant, filter, AT_ONCE, &mut page).await?;
            for event in &page.events {
                if let Some(hit) = self.arrived(waiter, event).await? {
                    return Ok(Some((hit, event.event_id.seq())));
                }
            }
            *position = page.position;
            if page.position >= page.end || self.now() > until {
                return Ok(None);
            }
        }
    }

    /// The message that an event tells of, if it is still there and fits.
    async fn arrived(&self, waiter: &Waiter<'_>, event: &Event) -> Result<Option<Hit>> {
        let about: About = serde_json::from_str(&event.body).map_err(Error::internal)?;
        let Some(id) = MessageId::parse(&about.message.message_id) else {
            return Ok(None);
        };
        let inbox = waiter.inbox;
        let read = self
            .store()
            .read(waiter.grant, move |view| view.message(inbox, &id));
        match read.await {
            Ok(message) => self.fitting(waiter, message).await,
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn fitting(&self, waiter: &Waiter<'_>, message: Message) -> Result<Option<Hit>> {
        if !waiter.query.takes(&message) {
            return Ok(None);
        }
        let (key, thread) = (message.key, message.thread_id);
        let read = self.store().read(waiter.grant, move |view| {
            Ok((view.content(key)?, view.strangers_in(&[thread])?))
        });
        let (content, shown) = match read.await {
            Ok(read) => read,
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let codes = self.codes_of(waiter.grant, &message, &content).await?;
        let wanted = |want: Option<bool>, has: bool| want.is_none_or(|want| want == has);
        if !wanted(waiter.query.has_code, codes.code.is_some())
            || !wanted(waiter.query.has_link, codes.link.is_some())
            || !waiter.query.finds_facts(&content)
        {
            return Ok(None);
        }
        self.taint(waiter.grant, shown).await?;
        let mut hit = Hit {
            message,
            content,
            codes,
            claimed_until: None,
        };
        let is_ours = match &waiter.claim {
            Some(claim) => self.claimed(claim, &mut hit).await?,
            None => true,
        };
        Ok(is_ours.then_some(hit))
    }

    async fn claimed(&self, claim: &Claim, hit: &mut Hit) -> Result<bool> {
        let until = claim.ttl.map(|ttl| self.now().plus(ttl));
        let message = hit.message.clone();
        let made = self
            .store()
            .write(&claim.grant, move |txn| txn.claim_message(&message, until));
        hit.claimed_until = until;
        match made.await {
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            made => made,
        }
    }

    fn given(&self, waiter: &Waiter<'_>, hit: &Hit, position: i64) -> wire::WaitResponse {
        let codes = render::codes(&hit.codes, &hit.content);
        let mut message = render::message(&hit.message, &hit.content);
        if !hit.codes.is_empty() {
            message.codes = Some(codes.clone());
        }
        wire::WaitResponse {
            timed_out: false,
            message: Some(message),
            codes: Some(codes),
            claimed: waiter.claim.is_some(),
            claim_expires_at: hit.claimed_until.map(|at| at.to_string()),
            next_after: self.cursor(waiter.grant.access(), position),
        }
    }
}

impl WaitQuery {
    /// Whether a message fits by what stands on its outside.
    fn takes(&self, message: &Message) -> bool {
        let has_all = |text: &str, parts: &[String]| {
            let text = text.to_lowercase();
            parts.iter().all(|part| text.contains(&part.to_lowercase()))
        };
        message.direction == Direction::Received
            && message.labels.hidden().is_within(self.include)
            && has_all(&message.from, &self.from)
            && has_all(
                message.subject.as_deref().unwrap_or_default(),
                &self.subject,
            )
    }

    /// Whether a message is of every kind that is asked for.
    fn finds_facts(&self, content: &Content) -> bool {
        let mut wanted = self.facts.iter();
        wanted.all(|kind| content.facts.iter().any(|fact| fact.kind == kind.name()))
    }
}

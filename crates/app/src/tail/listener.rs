//! One reader of the event log that goes on for as long as somebody listens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::{Code, Error, EventFilter, EventId, Result, perm};
use store::{Access, Grant, LogEntry, LogSlice};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use wire::{Subscribe, Subscribed, Unsubscribe, Unsubscribed};

use super::SLICE;
use crate::App;
use crate::log::After;

/// How often a listener's key is looked at again: a revoked one must fall silent within 5 s.
const RECHECK: Duration = Duration::from_secs(3);
const _: () = assert!(
    RECHECK.as_secs() < 5,
    "a revoked key would be heard too long"
);

/// Subscriptions on one connection.
const MAX_SUBSCRIPTIONS: usize = 100;

/// An event as every reader gets it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub event_id: EventId,
    /// Its JSON, which is the same for every reader. It has no line breaks.
    pub body: Arc<str>,
}

impl From<&LogEntry> for Event {
    fn from(entry: &LogEntry) -> Self {
        Self {
            event_id: entry.event_id,
            body: Arc::clone(&entry.body),
        }
    }
}

/// What was asked for, and the position after which it counts.
#[derive(Debug)]
struct Subscription {
    filter: EventFilter,
    from: i64,
}

impl Subscription {
    fn wants(&self, entry: &LogEntry) -> bool {
        entry.seq > self.from && self.filter.wants(entry.kind, entry.pod_id, entry.inbox_key)
    }
}

/// Events that lie behind the listener when a subscription asks for them.
struct Replay {
    of: Arc<Subscription>,
    /// What these ask for was told before.
    others: Vec<Arc<Subscription>>,
    at: i64,
    to: i64,
}

/// One listener, for example one WebSocket.
pub struct Tail {
    app: App,
    access: Access,
    subscriptions: Vec<Arc<Subscription>>,
    replays: VecDeque<Replay>,
    live: Option<broadcast::Receiver<Arc<LogEntry>>>,
    /// Everything up to here was heard or was not for this listener.
    cursor: i64,
    /// The log is known to reach up to here. What lies between was missed and is to be read.
    known: i64,
    ready: VecDeque<Event>,
    /// How many of these, from the first on, the caller may be told.
    judged: usize,
    recheck_at: Timestamp,
}

impl App {
    /// A listener to what `access` may see, which hears nothing before its first subscription.
    #[must_use]
    pub fn tail(&self, access: Access) -> Tail {
        Tail {
            app: self.clone(),
            access,
            subscriptions: Vec::new(),
            replays: VecDeque::new(),
            live: None,
            cursor: 0,
            known: 0,
            ready: VecDeque::new(),
            judged: 0,
            recheck_at: self.now().plus(RECHECK),
        }
    }
}

impl Tail {
    /// Listens to what the request asks for: from now on, or with `after` from there on.
    /// Several subscriptions add up, and none is told what another one was told.
    ///
    /// # Errors
    /// `missing_permission`, `not_found` for an inbox or pod, `validation_error` for an unknown
    /// event type or a position that is unknown or no longer kept, or `limit_exceeded`.
    pub async fn subscribe(&mut self, request: Subscribe) -> Result<Subscribed> {
        let filter = self
            .app
            .event_filter(
                &self.access,
                request.event_types.as_deref(),
                request.inbox_ids.as_deref(),
                request.pod_ids.as_deref(),
            )
            .await?;
        let after = request.after.as_deref();
        let after = after.map(|text| self.app.read_after(&self.access, text));
        let from = self
            .listen(filter, after.transpose()?.unwrap_or(After::Now))
            .await?;
        Ok(Subscribed {
            event_types: request.event_types,
            inbox_ids: request.inbox_ids,
            pod_ids: request.pod_ids,
            organization_id: Some(self.access.org_id().to_string()),
            after: Some(self.app.cursor(&self.access, from)),
        })
    }

    /// Listens to what `filter` asks for after this place; gives its position.
    ///
    /// # Errors
    /// `missing_permission`, `validation_error` for the place, or `limit_exceeded`.
    pub(crate) async fn listen(&mut self, filter: EventFilter, after: After) -> Result<i64> {
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(Error::new(
                Code::LimitExceeded,
                "A connection has at most 100 subscriptions",
            )
            .fix("Open another connection, or ask for several inboxes at once."));
        }
        let (mut from, end) = self.place(after).await?;
        if self.live.is_none() {
            // The log's reader begins before we join it, and we begin after that, so that nothing
            // falls between the two.
            let live = self.app.join(self.access.org_id(), end);
            let (_, joined_at) = self.place(After::Now).await?;
            if after == After::Now {
                from = joined_at;
            }
            (self.cursor, self.known) = (from, joined_at);
            self.live = Some(live);
        }
        let subscription = Arc::new(Subscription { filter, from });
        if from < self.cursor {
            self.replays.push_back(Replay {
                of: Arc::clone(&subscription),
                others: self.subscriptions.clone(),
                at: from,
                to: self.cursor,
            });
        }
        self.subscriptions.push(subscription);
        Ok(from)
    }

    /// Takes back a subscription that asked for the same.
    ///
    /// # Errors
    /// As for [`Tail::subscribe`].
    pub async fn unsubscribe(&mut self, request: Unsubscribe) -> Result<Unsubscribed> {
        let filter = self
            .app
            .event_filter(
                &self.access,
                request.event_types.as_deref(),
                request.inbox_ids.as_deref(),
                request.pod_ids.as_deref(),
            )
            .await?;
        self.subscriptions.retain(|known| known.filter != filter);
        self.replays.retain(|replay| replay.of.filter != filter);
        Ok(Unsubscribed {
            event_types: request.event_types,
            inbox_ids: request.inbox_ids,
            pod_ids: request.pod_ids,
            organization_id: Some(self.access.org_id().to_string()),
        })
    }

    /// The next event that was asked for. Dropping the future loses nothing.
    ///
    /// # Errors
    /// `unknown_api_key` once the key was revoked or has expired, `service_unavailable` when the
    /// server stops.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            if self.judged == 0 && !self.ready.is_empty() {
                // Whoever hears of mail of strangers is tainted before they hear of it.
                let told = self.ready.iter().map(|event| event.event_id.seq());
                let told: Vec<i64> = told.collect();
                let grant: Grant<perm::Authenticated> = self.access.grant()?;
                let count = told.len();
                self.app.taint_by_events(&grant, told).await?;
                self.judged = count;
            }
            if let Some(event) = self.at_once() {
                return Ok(event);
            }
            if self.app.now() >= self.recheck_at {
                self.recheck().await?;
            }
            if !self.replays.is_empty() {
                self.replay().await?;
                continue;
            }
            if self.cursor < self.known {
                self.catch_up().await?;
                continue;
            }
            let wake = self.app.env().clock.sleep_until(self.recheck_at);
            let heard = match &mut self.live {
                None => {
                    wake.await;
                    continue;
                }
                Some(live) => tokio::select! {
                    heard = live.recv() => heard,
                    () = wake => continue,
                },
            };
            match heard {
                // What is skipped here was missed, or deleted meanwhile: the log knows.
                Ok(entry) if entry.seq > self.cursor + 1 => self.known = entry.seq,
                Ok(entry) => self.take(&entry),
                Err(RecvError::Lagged(_)) => self.known = self.cursor + 1,
                Err(RecvError::Closed) => return Err(Error::unavailable("The server is stopping")),
            }
        }
    }

    /// The next event that needs no waiting.
    pub(crate) fn at_once(&mut self) -> Option<Event> {
        self.judged = self.judged.checked_sub(1)?;
        self.ready.pop_front()
    }

    /// The position up to which everything was told that [`Tail::next`] has given.
    pub(crate) const fn position(&self) -> i64 {
        self.cursor
    }

    fn take(&mut self, entry: &LogEntry) {
        // The first entries after joining may be older than the position that was read.
        if entry.seq <= self.cursor {
            return;
        }
        self.cursor = entry.seq;
        let within = match entry.pod_id {
            Some(pod) => self.access.reaches(pod, entry.inbox_key),
            // What concerns the whole organisation is not for a key of a part of it.
            None => *self.access.scope() == Scope::Org,
        };
        let visible = within && self.access.sees(entry.hidden);
        if visible && self.subscriptions.iter().any(|one| one.wants(entry)) {
            self.ready.push_back(entry.into());
        }
    }

    /// The position of a place, and where the log ends.
    async fn place(&self, after: After) -> Result<(i64, i64)> {
        let grant: Grant<perm::MessageRead> = self.access.grant()?;
        self.app
            .store()
            .read(&grant, move |view| {
                Ok((after.position(view)?, view.log_end()?))
            })
            .await
    }

    async fn slice(
        &self,
        from: i64,
        wanted: impl Fn(&LogEntry) -> bool + Send + 'static,
    ) -> Result<LogSlice> {
        let grant: Grant<perm::MessageRead> = self.access.grant()?;
        self.app
            .store()
            .read(&grant, move |view| view.log_slice(from, SLICE, &wanted))
            .await
    }

    /// Reads from the log what the channel had no room for, or what came before the listener.
    async fn catch_up(&mut self) -> Result<()> {
        let subscriptions = self.subscriptions.clone();
        let wanted = move |entry: &LogEntry| subscriptions.iter().any(|one| one.wants(entry));
        let step = self.slice(self.cursor, wanted).await?;
        self.ready.extend(step.entries.iter().map(Event::from));
        self.cursor = self.cursor.max(step.read_to);
        Ok(())
    }

    /// Reads what lies behind the listener for the subscription that asks for it.
    async fn replay(&mut self) -> Result<()> {
        let Some(replay) = self.replays.front() else {
            return Ok(());
        };
        let (of, others) = (Arc::clone(&replay.of), replay.others.clone());
        let (at, to) = (replay.at, replay.to);
        let wanted = move |entry: &LogEntry| {
            entry.seq <= to && of.wants(entry) && !others.iter().any(|one| one.wants(entry))
        };
        let step = self.slice(at, wanted).await?;
        self.ready.extend(step.entries.iter().map(Event::from));
        if step.read_to >= to {
            self.replays.pop_front();
        } else if let Some(replay) = self.replays.front_mut() {
            replay.at = step.read_to;
        }
        Ok(())
    }

    /// Whether the key still opens what it opened at first.
    async fn recheck(&mut self) -> Result<()> {
        let now = self.app.now();
        if self.access.expires_at().is_some_and(|end| end <= now) {
            return Err(Error::new(Code::UnknownApiKey, "The API key has expired")
                .fix("Connect again with a valid key."));
        }
        let grant: Grant<perm::Authenticated> = self.access.grant()?;
        let access = self.access.clone();
        let same = self.app.store().read(&grant, move |view| {
            let own = view.own_key()?;
            Ok(own.is_none_or(|key| access.has_rights_of(&key)))
        });
        if !same.await? {
            return Err(Error::new(
                Code::UnknownApiKey,
                "The rights of the API key have changed",
            )
            .fix("Connect again; the new rights hold from then on."));
        }
        self.recheck_at = now.plus(RECHECK);
        Ok(())
    }
}

//! Live readers of the event log.
//!
//! One task for each organisation with listeners reads the log as it grows and hands each entry to
//! all of them; every listener filters with its own access. A listener that cannot keep up reads
//! the log itself from where it stood, so slowness delays events but never loses one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mail::Timestamp;
use model::api_key::Scope;
use model::{Code, Error, EventKind, InboxId, InboxKey, OrgId, PodId, Result, perm};
use store::{Access, Grant, LogEntry, Reason};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use wire::{Subscribe, Subscribed, Unsubscribe, Unsubscribed};

use crate::App;

/// Entries read from the log at once.
const SLICE: usize = 256;

/// Entries a listener may be behind before it has to read the log itself.
const BEHIND: usize = 1024;

/// Another process may have written to the log without our noticing.
const POLL: Duration = Duration::from_secs(1);

/// How often a listener's key is looked at again: a revoked one must fall silent within 5 s.
const RECHECK: Duration = Duration::from_secs(3);

/// Subscriptions on one connection.
const MAX_SUBSCRIPTIONS: usize = 100;

/// The organisations somebody listens to.
#[derive(Clone, Default)]
pub(crate) struct Tails(Arc<Mutex<HashMap<OrgId, broadcast::Sender<Arc<LogEntry>>>>>);

impl Tails {
    fn lock(&self) -> MutexGuard<'_, HashMap<OrgId, broadcast::Sender<Arc<LogEntry>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// A listener to what `access` may see, which hears nothing before its first subscription.
    #[must_use]
    pub fn tail(&self, access: Access) -> Tail {
        Tail {
            app: self.clone(),
            access,
            subscriptions: Vec::new(),
            live: None,
            cursor: 0,
            known: 0,
            ready: VecDeque::new(),
            recheck_at: self.now().plus(RECHECK),
        }
    }

    /// Joins the readers of an organisation's log, starting its task if nobody reads it yet.
    /// `begin` is a position of the log that was read before: what comes after it is heard.
    fn join(&self, org_id: OrgId, begin: i64) -> broadcast::Receiver<Arc<LogEntry>> {
        let mut tails = self.0.tails.lock();
        if let Some(sender) = tails.get(&org_id) {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(BEHIND);
        tails.insert(org_id, sender.clone());
        drop(tails);
        let app = self.clone();
        self.0
            .tasks
            .spawn(async move { app.follow(org_id, sender, begin).await });
        receiver
    }

    /// Reads the log of one organisation from `cursor` on for as long as somebody listens.
    async fn follow(
        &self,
        org_id: OrgId,
        sender: broadcast::Sender<Arc<LogEntry>>,
        mut cursor: i64,
    ) {
        let mut growth = self.store().log_growth(org_id);
        let mut shutdown = self.0.tasks.shutdown();
        loop {
            if let Err(error) = self.hand_out(org_id, &sender, &mut cursor).await {
                tracing::error!(error = ?error, "the event log cannot be read");
            }
            tokio::select! {
                () = shutdown.requested() => break,
                _ = growth.changed() => {}
                () = self.env().clock.sleep_until(self.now().plus(POLL)) => {
                    let mut tails = self.0.tails.lock();
                    if sender.receiver_count() == 0 {
                        tails.remove(&org_id);
                        break;
                    }
                }
            }
        }
        // At shutdown the listeners must see the channel end.
        self.0.tails.lock().remove(&org_id);
    }

    async fn hand_out(
        &self,
        org_id: OrgId,
        sender: &broadcast::Sender<Arc<LogEntry>>,
        cursor: &mut i64,
    ) -> Result<()> {
        let access = self.store().system(org_id, Reason::Operation);
        let grant: Grant<perm::MessageRead> = access.grant()?;
        loop {
            let from = *cursor;
            let read = self
                .store()
                .read(&grant, move |view| view.log_after(from, SLICE));
            let (entries, read_to) = read.await?;
            *cursor = read_to;
            let more = entries.len() == SLICE;
            for entry in entries {
                // Without a listener there is nobody to miss it.
                let _ = sender.send(Arc::new(entry));
            }
            if !more {
                return Ok(());
            }
        }
    }
}

/// What one subscription asks for; nothing named means everything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subscription {
    kinds: Option<Vec<EventKind>>,
    inboxes: Vec<InboxKey>,
    pods: Vec<PodId>,
}

impl Subscription {
    fn wants(&self, entry: &LogEntry) -> bool {
        let kind = self
            .kinds
            .as_ref()
            .is_none_or(|kinds| entry.kind.is_some_and(|kind| kinds.contains(&kind)));
        let anywhere = self.inboxes.is_empty() && self.pods.is_empty();
        let inbox = entry
            .inbox_key
            .is_some_and(|key| self.inboxes.contains(&key));
        let pod = entry.pod_id.is_some_and(|pod| self.pods.contains(&pod));
        kind && (anywhere || inbox || pod)
    }
}

/// One listener, for example one WebSocket.
pub struct Tail {
    app: App,
    access: Access,
    subscriptions: Vec<Subscription>,
    live: Option<broadcast::Receiver<Arc<LogEntry>>>,
    /// Everything up to here was heard or was not for this listener.
    cursor: i64,
    /// The log is known to reach up to here. What lies between was missed and is to be read.
    known: i64,
    ready: VecDeque<Arc<str>>,
    recheck_at: Timestamp,
}

impl Tail {
    /// Listens to what the request asks for, from now on. Several subscriptions add up.
    ///
    /// # Errors
    /// `missing_permission`, `not_found` for an inbox or pod, `validation_error` for an unknown
    /// event type, or `limit_exceeded`.
    pub async fn subscribe(&mut self, request: Subscribe) -> Result<Subscribed> {
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(Error::new(
                Code::LimitExceeded,
                "A connection has at most 100 subscriptions",
            )
            .fix("Open another connection, or ask for several inboxes at once."));
        }
        let kinds = request.event_types.as_deref();
        let subscription = self
            .read_request(
                kinds,
                request.inbox_ids.as_deref(),
                request.pod_ids.as_deref(),
            )
            .await?;
        if self.live.is_none() {
            // The log's reader begins before we join it, and we begin after that, so that nothing
            // falls between the two.
            let begin = self.log_end().await?;
            let live = self.app.join(self.access.org_id(), begin);
            self.cursor = self.log_end().await?;
            self.live = Some(live);
        }
        self.subscriptions.push(subscription);
        Ok(Subscribed {
            event_types: request.event_types,
            inbox_ids: request.inbox_ids,
            pod_ids: request.pod_ids,
            organization_id: Some(self.access.org_id().to_string()),
        })
    }

    /// Takes back a subscription that asked for the same.
    ///
    /// # Errors
    /// As for [`Tail::subscribe`].
    pub async fn unsubscribe(&mut self, request: Unsubscribe) -> Result<Unsubscribed> {
        let kinds = request.event_types.as_deref();
        let subscription = self
            .read_request(
                kinds,
                request.inbox_ids.as_deref(),
                request.pod_ids.as_deref(),
            )
            .await?;
        self.subscriptions.retain(|known| *known != subscription);
        Ok(Unsubscribed {
            event_types: request.event_types,
            inbox_ids: request.inbox_ids,
            pod_ids: request.pod_ids,
            organization_id: Some(self.access.org_id().to_string()),
        })
    }

    async fn read_request(
        &self,
        kinds: Option<&[String]>,
        inboxes: Option<&[String]>,
        pods: Option<&[String]>,
    ) -> Result<Subscription> {
        let grant: Grant<perm::MessageRead> = self.access.grant()?;
        let kinds = match kinds {
            Some(names) if !names.is_empty() => Some(self.kinds(names)?),
            _ => None,
        };
        let ids: Option<Vec<InboxId>> = inboxes
            .unwrap_or_default()
            .iter()
            .map(|text| InboxId::parse(text))
            .collect();
        let ids = ids.ok_or_else(|| Error::not_found("Inbox"))?;
        let pods: Result<Vec<PodId>, _> = pods
            .unwrap_or_default()
            .iter()
            .map(|text| text.parse())
            .collect();
        let pods = pods.map_err(|_| Error::not_found("Pod"))?;
        let found = self.app.store().read(&grant, move |view| {
            let mut keys = ids
                .iter()
                .map(|id| Ok(view.inbox(id)?.key))
                .collect::<Result<Vec<_>>>()?;
            keys.sort_unstable();
            for pod in &pods {
                view.pod(*pod)?;
            }
            Ok((keys, pods.clone()))
        });
        let (inboxes, pods) = found.await?;
        Ok(Subscription {
            kinds,
            inboxes,
            pods,
        })
    }

    fn kinds(&self, names: &[String]) -> Result<Vec<EventKind>> {
        let kinds = names.iter().enumerate().map(|(index, name)| {
            let kind = EventKind::parse(name).ok_or_else(|| {
                let path = format!("event_types.{index}");
                Error::invalid(
                    &path,
                    "invalid_value",
                    "There is no event type of this name",
                )
            })?;
            match kind.extra_permission() {
                Some(right) if !self.access.permissions().has(right) => Err(Error::new(
                    Code::MissingPermission,
                    format!("`{}` is forbidden", right.name()),
                )
                .fix("Use a key that has this permission, or leave the event type out.")),
                _ => Ok(kind),
            }
        });
        kinds.collect()
    }

    /// The JSON of the next event that was asked for. Dropping the future loses nothing.
    ///
    /// # Errors
    /// `unknown_api_key` once the key was revoked or has expired, `service_unavailable` when the
    /// server stops.
    pub async fn next(&mut self) -> Result<Arc<str>> {
        loop {
            if let Some(body) = self.ready.pop_front() {
                return Ok(body);
            }
            if self.app.now() >= self.recheck_at {
                self.recheck().await?;
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
                // Positions have no gaps: one that is skipped here is one that was missed.
                Ok(entry) if entry.seq > self.cursor + 1 => self.known = entry.seq,
                Ok(entry) => self.take(&entry),
                Err(RecvError::Lagged(_)) => self.known = self.cursor + 1,
                Err(RecvError::Closed) => return Err(Error::unavailable("The server is stopping")),
            }
        }
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
            self.ready.push_back(Arc::clone(&entry.body));
        }
    }

    /// Where the log ends now.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is not general enough over the lifetime of the view"
    )]
    async fn log_end(&self) -> Result<i64> {
        let grant: Grant<perm::MessageRead> = self.access.grant()?;
        self.app.store().read(&grant, |view| view.log_end()).await
    }

    /// Reads from the log what the channel had no room for.
    async fn catch_up(&mut self) -> Result<()> {
        let grant: Grant<perm::MessageRead> = self.access.grant()?;
        let from = self.cursor;
        let read = self
            .app
            .store()
            .read(&grant, move |view| view.log_after(from, SLICE));
        let (entries, read_to) = read.await?;
        for entry in &entries {
            self.take(entry);
        }
        self.cursor = self.cursor.max(read_to);
        Ok(())
    }

    /// Whether the key still opens what it opened at first.
    async fn recheck(&mut self) -> Result<()> {
        let now = self.app.now();
        let ended = || {
            Error::new(
                Code::UnknownApiKey,
                "The API key was revoked or has expired",
            )
            .fix("Connect again with a valid key.")
        };
        if self.access.expires_at().is_some_and(|end| end <= now) {
            return Err(ended());
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

//! The event log as HTTP shows it: positions, pages, waiting; and the record of labels.

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use model::page::Page;
use model::{Code, Error, EventFilter, EventId, EventKind, InboxId, Kind, PodId, Result, perm};
use serde_json::value::RawValue;
use store::{Access, Grant, LabelChange, LogPlace, View};
use sys::Shutdown;
use wire::ListEventsResponse;

use crate::batch::inbox_of;
use crate::paging::Listing;
use crate::tail::Event;
use crate::{App, Tail};

/// How many events one answer has when nobody says, and at most.
const MAX_EVENTS: usize = 100;

/// Steps through the log for one answer: a reader of little of a large log gets an empty page and
/// goes on from there.
const MAX_STEPS: usize = 64;

/// Octets of bodies after which a page ends.
const MAX_PAGE: usize = 8 << 20;

/// What a reader of the log asks for.
#[derive(Clone, Debug, Default)]
pub struct EventsQuery {
    /// Only these kinds; empty means all.
    pub event_types: Vec<String>,
    /// Only of these inboxes, or of `pod_ids`.
    pub inbox_ids: Vec<String>,
    /// Only of these pods, or of `inbox_ids`.
    pub pod_ids: Vec<String>,
    /// Where to begin: an event id, a cursor, `start` or `now`.
    pub after: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
    /// How long to wait when there is nothing.
    pub wait: Duration,
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Before the oldest event that is kept.
    Start,
    /// After the newest.
    Now,
    /// After this event.
    Event(EventId),
    /// After this position, which this server gave out.
    Position(i64),
}

impl After {
    /// The position as a number.
    ///
    /// # Errors
    /// `validation_error` when it is not of this log or was deleted.
    pub(crate) fn position(self, view: &mut View<'_>) -> Result<i64> {
        let place = match self {
            Self::Start => return view.log_floor(),
            Self::Now => return view.log_end(),
            Self::Event(id) => view.log_place_of(id)?,
            Self::Position(seq) => view.log_place(seq)?,
        };
        match place {
            LogPlace::After(seq) => Ok(seq),
            LogPlace::Unknown => Err(unknown()),
            LogPlace::Gone => Err(Error::invalid(
                "after",
                "expired",
                "Events after this one are no longer kept",
            )
            .fix(
                "List the messages to see what there is, then read the log anew: with after=start \
                 from the oldest event that is kept, with after=now from here on.",
            )),
        }
    }
}

fn unknown() -> Error {
    Error::invalid("after", "invalid_value", "This log has no such position").fix(
        "Send the id of an event that this key has been given, or a cursor, unchanged; or start, \
         or now.",
    )
}

impl App {
    /// A position as text that this server takes back: opaque, and good for this organisation.
    pub(crate) fn cursor(&self, access: &Access, position: i64) -> String {
        self.seal_position(access.org_id().as_bytes(), position)
    }

    /// A position as opaque text that is good for `owner` alone.
    pub(crate) fn seal_position(&self, owner: &[u8; 16], position: i64) -> String {
        let mut bytes = position.to_be_bytes().to_vec();
        bytes.extend(self.seal(owner, position));
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The position in a text that [`App::seal_position`] gave this owner.
    pub(crate) fn open_position(&self, owner: &[u8; 16], text: &str) -> Option<i64> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (position, seal) = bytes.split_first_chunk::<8>()?;
        let position = i64::from_be_bytes(*position);
        (*seal == self.seal(owner, position)).then_some(position)
    }

    fn seal(&self, owner: &[u8; 16], position: i64) -> [u8; 8] {
        let mut hash = blake3::Hasher::new_keyed(&self.0.page_key);
        hash.update(b"position in the event log\0");
        hash.update(owner);
        hash.update(&position.to_be_bytes());
        let mut seal = [0; 8];
        hash.finalize_xof().fill(&mut seal);
        seal
    }

    /// Reads a place as a caller wrote it.
    ///
    /// # Errors
    /// `validation_error` when it is none.
    pub(crate) fn read_after(&self, access: &Access, text: &str) -> Result<After> {
        match text {
            "start" => return Ok(After::Start),
            "now" => return Ok(After::Now),
            _ => {}
        }
        if let Ok(id) = text.parse::<EventId>() {
            return Ok(After::Event(id));
        }
        let position = self.open_position(access.org_id().as_bytes(), text);
        position.map(After::Position).ok_or_else(unknown)
    }

    /// What a reader asks for, checked: the kinds and the places, each of which must be within
    /// reach.
    ///
    /// # Errors
    /// `missing_permission`, `not_found` for an inbox or pod, or `validation_error` for an unknown
    /// event type.
    pub(crate) async fn event_filter(
        &self,
        access: &Access,
        kinds: Option<&[String]>,
        inboxes: Option<&[String]>,
        pods: Option<&[String]>,
    ) -> Result<EventFilter> {
        let grant: Grant<perm::MessageRead> = access.grant()?;
        let kinds = match kinds {
            Some(names) if !names.is_empty() => Some(event_kinds(access, names)?),
            _ => None,
        };
        let ids = inboxes.unwrap_or_default().iter();
        let ids: Option<Vec<InboxId>> = ids.map(|text| InboxId::parse(text)).collect();
        let ids = ids.ok_or_else(|| Error::not_found("Inbox"))?;
        let pods = pods.unwrap_or_default().iter();
        let pods: Result<Vec<PodId>, _> = pods.map(|text| text.parse()).collect();
        let pods = pods.map_err(|_| Error::not_found("Pod"))?;
        let found = self.store().read(&grant, move |view| {
            let keys = ids.iter().map(|id| Ok(view.inbox(id)?.key));
            let mut keys = keys.collect::<Result<Vec<_>>>()?;
            keys.sort_unstable();
            keys.dedup();
            for pod in &pods {
                view.pod(*pod)?;
            }
            Ok((keys, pods.clone()))
        });
        let (inboxes, pods) = found.await?;
        Ok(EventFilter {
            kinds,
            inboxes,
            pods,
        })
    }

    /// The next events of the log, oldest first, from the oldest that is kept unless the query
    /// says where to begin. Where there are none, waits for one as long as the query says or until
    /// the server is to stop.
    ///
    /// # Errors
    /// `not_found` for an inbox or pod, `missing_permission` or `validation_error` for an event
    /// type, `validation_error` for a place, or `unknown_api_key` when the key ends meanwhile.
    pub async fn events(
        &self,
        grant: &Grant<perm::MessageRead>,
        query: EventsQuery,
        stop: Shutdown,
    ) -> Result<ListEventsResponse> {
        let filter = self.filter_of(grant, &query).await?;
        let after = self.after_of(grant, &query, After::Start)?;
        let size = query.limit.unwrap_or(MAX_EVENTS).clamp(1, MAX_EVENTS);
        let start = self.store().read(grant, move |view| after.position(view));
        let mut page = Found {
            position: start.await?,
            end: 0,
            events: Vec::new(),
        };
        self.fill(grant, &filter, size, &mut page).await?;
        if page.events.is_empty() && page.position >= page.end && !query.wait.is_zero() {
            self.wait_for(grant, filter, size, query.wait, stop, &mut page)
                .await?;
        }
        let events: Result<Vec<_>> = page.events.iter().map(raw).collect();
        Ok(ListEventsResponse {
            count: page.events.len(),
            limit: query.limit,
            events: events?,
            next_after: self.cursor(grant.access(), page.position),
            has_more: page.position < page.end,
        })
    }

    /// The events of the log as they happen, from now on unless the query says where to begin.
    ///
    /// # Errors
    /// As for [`App::events`].
    pub async fn event_stream(
        &self,
        grant: &Grant<perm::MessageRead>,
        query: EventsQuery,
    ) -> Result<Tail> {
        let filter = self.filter_of(grant, &query).await?;
        let after = self.after_of(grant, &query, After::Now)?;
        let mut tail = self.tail(grant.access().clone());
        tail.listen(filter, after).await?;
        Ok(tail)
    }

    async fn filter_of(
        &self,
        grant: &Grant<perm::MessageRead>,
        query: &EventsQuery,
    ) -> Result<EventFilter> {
        self.event_filter(
            grant.access(),
            Some(&query.event_types),
            Some(&query.inbox_ids),
            Some(&query.pod_ids),
        )
        .await
    }

    fn after_of<P>(&self, grant: &Grant<P>, query: &EventsQuery, default: After) -> Result<After> {
        let text = query.after.as_deref();
        text.map_or(Ok(default), |text| self.read_after(grant.access(), text))
    }

    /// Reads on until the page is full, the log ends or enough was looked at.
    pub(crate) async fn fill<P>(
        &self,
        grant: &Grant<P>,
        filter: &EventFilter,
        size: usize,
        page: &mut Found,
    ) -> Result<()> {
        let mut octets = 0;
        for _ in 0..MAX_STEPS {
            let (from, room, filter) = (page.position, size - page.events.len(), filter.clone());
            let step = self.store().read(grant, move |view| {
                view.log_slice(from, room, |entry| {
                    filter.wants(entry.kind, entry.pod_id, entry.inbox_key)
                })
            });
            let step = step.await?;
            let told: Vec<i64> = step.entries.iter().map(|one| one.seq).collect();
            self.taint_by_events(grant, told).await?;
            octets += step.entries.iter().map(|one| one.body.len()).sum::<usize>();
            page.events.extend(step.entries.iter().map(Event::from));
            (page.position, page.end) = (step.read_to, step.end);
            if page.position >= page.end || page.events.len() >= size || octets >= MAX_PAGE {
                break;
            }
        }
        Ok(())
    }

    /// Waits at the end of the log.
    async fn wait_for(
        &self,
        grant: &Grant<perm::MessageRead>,
        filter: EventFilter,
        size: usize,
        wait: Duration,
        mut stop: Shutdown,
        page: &mut Found,
    ) -> Result<()> {
        let mut tail = self.tail(grant.access().clone());
        tail.listen(filter, After::Position(page.position)).await?;
        let until = self.now().plus(wait);
        let first = tokio::select! {
            first = sys::timeout_at(&*self.env().clock, until, tail.next()) => first,
            () = stop.requested() => Err(sys::Elapsed),
        };
        match first {
            Ok(Ok(event)) => {
                page.events.push(event);
                while page.events.len() < size
                    && let Some(event) = tail.at_once()
                {
                    page.events.push(event);
                }
            }
            Ok(Err(error)) if error.kind() == Kind::Unavailable => {}
            Ok(Err(error)) => return Err(error),
            Err(sys::Elapsed) => {}
        }
        page.position = match page.events.last() {
            Some(last) => last.event_id.seq(),
            None => tail.position(),
        };
        page.end = page.position;
        Ok(())
    }

    /// A page of the labels added to and removed from the messages of the inbox that the grant
    /// reaches, newest first.
    ///
    /// # Errors
    /// `not_found` for the inbox, or `validation_error` for a bad token.
    pub async fn inbox_events(
        &self,
        grant: &Grant<perm::MessageRead>,
        page: Page,
    ) -> Result<wire::ListInboxEventsResponse> {
        let list = Listing::new(self, "inbox events", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let key = inbox_of(grant)?;
        let found = self.store().read(grant, move |view| {
            let inbox = view.inbox_of_key(key)?;
            Ok((inbox, view.label_changes(key, from, ascending, fetch)?))
        });
        let (inbox, mut changes) = found.await?;
        let next_page_token = list.cut(&mut changes, LabelChange::position);
        let organization_id = grant.access().org_id().to_string();
        let events: Vec<_> = changes
            .into_iter()
            .map(|change| wire::InboxEvent {
                organization_id: organization_id.clone(),
                pod_id: inbox.pod_id.to_string(),
                inbox_id: inbox.inbox_id.to_string(),
                event_id: event_id(&change),
                event_type: if change.added {
                    "label.added".to_owned()
                } else {
                    "label.removed".to_owned()
                },
                message_id: change.message_id.to_string(),
                label: change.label,
                event_at: change.at.to_string(),
                created_at: change.at.to_string(),
            })
            .collect();
        Ok(wire::ListInboxEventsResponse {
            count: events.len(),
            limit: page.limit,
            next_page_token,
            events,
        })
    }
}

/// A page of the log as it fills.
pub(crate) struct Found {
    /// The page goes on from here.
    pub(crate) position: i64,
    /// Where the log ended when it was read last.
    pub(crate) end: i64,
    /// What was found.
    pub(crate) events: Vec<Event>,
}

/// The kinds with these names, each of which the access may read.
fn event_kinds(access: &Access, names: &[String]) -> Result<Vec<EventKind>> {
    let kinds = names.iter().enumerate().map(|(index, name)| {
        let kind = EventKind::parse(name).ok_or_else(|| {
            Error::invalid(
                &format!("event_types.{index}"),
                "invalid_value",
                "There is no event type of this name",
            )
        })?;
        match kind.extra_permission() {
            Some(right) if !access.permissions().has(right) => Err(Error::new(
                Code::MissingPermission,
                format!("`{}` is forbidden", right.name()),
            )
            .fix("Use a key that has this permission, or leave the event type out.")),
            _ => Ok(kind),
        }
    });
    kinds.collect()
}

/// The body as it stands in the log, to be put into an answer unchanged.
pub(crate) fn raw(event: &Event) -> Result<Box<RawValue>> {
    RawValue::from_string(event.body.to_string()).map_err(Error::internal)
}

/// Sorts within its inbox, and is told apart from those of other inboxes by its end.
fn event_id(change: &LabelChange) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(change.inbox_key.as_bytes());
    hash.update(&change.seq.to_be_bytes());
    let end = hash.finalize();
    format!(
        "{:016x}{}",
        change.seq,
        HEXLOWER.encode(&end.as_bytes()[..8])
    )
}

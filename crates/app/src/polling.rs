//! Polling webhooks: a subscription whose reader has no address to post to, and no API key.
//!
//! The server keeps the subscription and nothing of its readers: where a reader stands is in the
//! iterator that it brings back.

use data_encoding::HEXLOWER;
use model::api_key::Scope;
use model::page::Page;
use model::polling::{MAX_CHANNELS, PollingWebhook, PollingWebhookId};
use model::{Code, Error, Result, inbox, perm};
use store::{Access, Credential, Grant, LogPlace, NewPollingWebhook, Position, View};
use wire::{CreatePollingWebhookRequest, CreatePollingWebhookResponse, PollResponse};

use crate::App;
use crate::log::{Found, raw};
use crate::paging::Listing;

/// How many events a poll gives when nobody says, and at most.
const MAX_EVENTS: usize = 100;

/// The holder of a token: reads one subscription and nothing else.
pub struct Poller {
    access: Access,
    webhook: PollingWebhook,
}

impl Poller {
    /// Whether this is what the token is of: its id, or its creator's own id.
    #[must_use]
    pub fn is_of(&self, id: &str) -> bool {
        self.webhook.client_id == id || self.webhook.webhook_id.to_string() == id
    }
}

impl App {
    /// Makes a polling webhook of what the grant reaches, or issues a new token of the one with
    /// this `client_id`; the old token opens nothing from then on. `base` is where clients reach
    /// this server.
    ///
    /// # Errors
    /// `validation_error`, `missing_permission`, `not_found` for an inbox or pod, or
    /// `limit_exceeded`.
    pub async fn create_polling_webhook(
        &self,
        grant: &Grant<perm::WebhookCreate>,
        request: CreatePollingWebhookRequest,
        base: &str,
    ) -> Result<CreatePollingWebhookResponse> {
        let client_id = inbox::client_id(&request.client_id)?;
        if request.event_types.is_empty() {
            return Err(Error::invalid(
                "event_types",
                "too_small",
                "event_types names at least one type of event",
            ));
        }
        let (inboxes, pods) = (request.inbox_ids.as_deref(), request.pod_ids.as_deref());
        let channels = inboxes.map_or(0, <[_]>::len) + pods.map_or(0, <[_]>::len);
        if channels > MAX_CHANNELS {
            return Err(Error::new(
                Code::LimitExceeded,
                "A subscription has at most 10 pods and inboxes together",
            )
            .fix("Name a pod for the inboxes in it, or make several subscriptions."));
        }
        let filter = self
            .event_filter(grant.access(), Some(&request.event_types), inboxes, pods)
            .await?;
        let token = format!("am_poll_{}", HEXLOWER.encode(&self.env().ids.bytes::<32>()));
        let id = PollingWebhookId::new(*self.env().ids.random().as_bytes());
        let shown = token.clone();
        let made = self.store().write(grant, move |txn| {
            let inbox_ids = filter.inboxes.iter();
            let inbox_ids: Result<Vec<_>> = inbox_ids
                .map(|key| Ok(txn.inbox_of_key(*key)?.inbox_id))
                .collect();
            let made = txn.put_polling_webhook(&NewPollingWebhook {
                webhook_id: id,
                client_id: client_id.clone(),
                token: Credential::new(&token),
                filter: filter.clone(),
                inbox_ids: inbox_ids?,
            })?;
            let address = address(txn, &made)?;
            Ok((made, address))
        });
        let (made, address) = made.await?;
        Ok(CreatePollingWebhookResponse {
            webhook: render(&made, address, base),
            token: shown,
        })
    }

    /// A page of the polling webhooks that belong to exactly what the grant reaches, newest first.
    ///
    /// # Errors
    /// `validation_error` for a bad token.
    pub async fn polling_webhooks(
        &self,
        grant: &Grant<perm::WebhookRead>,
        page: Page,
        base: &str,
    ) -> Result<wire::ListPollingWebhooksResponse> {
        let list = Listing::new(self, "polling webhooks", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            let found = view.polling_webhooks(from, ascending, fetch)?.into_iter();
            found
                .map(|one| Ok((address(view, &one)?, one)))
                .collect::<Result<Vec<_>>>()
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |(_, one)| Position {
            at: one.created_at.as_micros(),
            key: *one.webhook_id.as_bytes(),
        });
        let found = found.into_iter();
        let polling_webhooks: Vec<_> = found
            .map(|(address, one)| render(&one, address, base))
            .collect();
        Ok(wire::ListPollingWebhooksResponse {
            count: polling_webhooks.len(),
            limit: page.limit,
            next_page_token,
            polling_webhooks,
        })
    }

    /// One polling webhook, by its id or its `client_id`.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn polling_webhook(
        &self,
        grant: &Grant<perm::WebhookRead>,
        id: String,
        base: &str,
    ) -> Result<wire::PollingWebhook> {
        let found = self.store().read(grant, move |view| {
            let found = view.polling_webhook(&id)?;
            Ok((address(view, &found)?, found))
        });
        let (address, found) = found.await?;
        Ok(render(&found, address, base))
    }

    /// Removes a polling webhook; its token opens nothing from then on.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_polling_webhook(
        &self,
        grant: &Grant<perm::WebhookDelete>,
        id: String,
    ) -> Result<()> {
        self.store()
            .write(grant, move |txn| txn.delete_polling_webhook(&id))
            .await
    }

    /// What the holder of a polling token may read.
    ///
    /// # Errors
    /// `unknown_api_key` when it is the token of no polling webhook.
    pub async fn poller(&self, token: &str) -> Result<Poller> {
        let found = self.store().authenticate_polling(Credential::new(token));
        let (access, webhook) = found.await?;
        Ok(Poller { access, webhook })
    }

    /// The next events of a polling webhook. Without an iterator: none, and the iterator to begin
    /// with, which is before everything that happened since the webhook was made and is kept.
    ///
    /// # Errors
    /// `validation_error` for an iterator that is not of this webhook, or whose events are no
    /// longer kept.
    pub async fn poll(
        &self,
        poller: &Poller,
        iterator: Option<&str>,
        limit: Option<usize>,
    ) -> Result<PollResponse> {
        let grant: Grant<perm::MessageRead> = poller.access.grant()?;
        let owner = *poller.webhook.webhook_id.as_bytes();
        let at = iterator.map(|text| self.open_position(&owner, text).ok_or_else(unknown));
        let at = at.transpose()?;
        let begins = poller.webhook.begins;
        let start = self.store().read(&grant, move |view| {
            Ok((start(view, at, begins)?, view.log_end()?))
        });
        let (position, end) = start.await?;
        let mut page = Found {
            position,
            end,
            events: Vec::new(),
        };
        if at.is_some() {
            let size = limit.unwrap_or(MAX_EVENTS).clamp(1, MAX_EVENTS);
            self.fill(&grant, &poller.webhook.filter, size, &mut page)
                .await?;
        }
        let data: Result<Vec<_>> = page.events.iter().map(raw).collect();
        Ok(PollResponse {
            data: data?,
            iterator: self.seal_position(&owner, page.position),
            done: page.position >= page.end,
        })
    }
}

fn start(view: &mut View<'_>, at: Option<i64>, begins: i64) -> Result<i64> {
    let Some(at) = at else {
        return Ok(view.log_floor()?.max(begins));
    };
    match view.log_place(at)? {
        LogPlace::After(position) => Ok(position),
        LogPlace::Unknown => Err(unknown()),
        LogPlace::Gone => Err(Error::invalid(
            "iterator",
            "expired",
            "Events after this iterator are no longer kept",
        )
        .fix(
            "List the messages to see what there is, then poll without an iterator to begin with \
             the oldest event that is kept.",
        )),
    }
}

fn unknown() -> Error {
    Error::invalid(
        "iterator",
        "invalid_value",
        "The iterator is not one of this subscription",
    )
    .fix("Send the iterator of the poll before, unchanged, or none to begin anew.")
}

/// The address of the inbox that a webhook belongs to.
fn address(view: &mut View<'_>, webhook: &PollingWebhook) -> Result<Option<String>> {
    match webhook.scope {
        Scope::Org | Scope::Pod(_) => Ok(None),
        Scope::Inbox(_, inbox) => Ok(Some(view.inbox_of_key(inbox)?.inbox_id.to_string())),
    }
}

fn render(webhook: &PollingWebhook, inbox_id: Option<String>, base: &str) -> wire::PollingWebhook {
    let kinds = webhook.filter.kinds.iter().flatten();
    wire::PollingWebhook {
        organization_id: Some(webhook.org_id.to_string()),
        webhook_id: webhook.webhook_id.to_string(),
        client_id: webhook.client_id.clone(),
        url: format!("{base}/v0/webhooks/polling/{}/events", webhook.webhook_id),
        event_types: kinds.map(|kind| kind.name().to_owned()).collect(),
        pod_ids: webhook
            .filter
            .pods
            .iter()
            .map(ToString::to_string)
            .collect(),
        inbox_ids: webhook.inbox_ids.iter().map(ToString::to_string).collect(),
        pod_id: match webhook.scope {
            Scope::Org => None,
            Scope::Pod(pod) | Scope::Inbox(pod, _) => Some(pod.to_string()),
        },
        inbox_id,
        updated_at: webhook.updated_at.to_string(),
        created_at: webhook.created_at.to_string(),
    }
}

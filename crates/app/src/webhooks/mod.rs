//! Webhooks: made, changed, listed; what becomes of events on their way to them stands beside.

pub(crate) mod body;
mod deliveries;
pub(crate) mod fan_out;
mod rules;
pub(crate) mod schedule;
pub(crate) mod sign;

pub(crate) use self::deliveries::attempt;

use std::time::Duration;

use model::api_key::Scope;
use model::page::Page;
use model::{Error, Hidden, InboxId, InboxKey, Kind, PodId, Result, WebhookId, inbox, perm};
use store::{Access, Grant, NewWebhook, Position, Txn, View, WebhookChange, WebhookRow};
use wire::{
    CreateWebhookRequest, Patch, UpdateWebhookHeadersRequest, UpdateWebhookRequest,
    WebhookHeaderNamesResponse,
};

use crate::jobs::{expire_hooks, purge_hook};
use crate::paging::Listing;
use crate::seal::Seal;
use crate::{App, render};

use rules::Fields;

/// Webhooks of an organisation.
const MOST: i64 = 50;

/// How long a secret is used on after it was replaced.
const ROTATION: Duration = Duration::from_secs(24 * 3600);

/// A webhook with the names of what it refers to.
struct Shown {
    row: WebhookRow,
    own_inbox: Option<InboxId>,
    inboxes: Vec<InboxId>,
}

impl App {
    /// Makes a webhook of what the grant reaches. The same `client_id` again gives the first one.
    ///
    /// # Errors
    /// `validation_error`, `missing_permission` for kinds the caller may not see, `not_found` for
    /// a pod or inbox, or `limit_exceeded`.
    pub async fn create_webhook(
        &self,
        grant: &Grant<perm::WebhookCreate>,
        request: CreateWebhookRequest,
    ) -> Result<wire::Webhook> {
        let access = grant.access();
        let url = rules::address(&self.0.dialer, request.url.as_deref())?;
        let client_id = request.client_id.as_deref().map(inbox::client_id);
        let fields = request.headers.unwrap_or_default();
        rules::fields(&fields)?;
        let now = self.now();
        let id = WebhookId::new(self.env().ids.ordered(now));
        let secret = self.env().ids.bytes::<{ sign::SECRET }>();
        let new = NewWebhook {
            webhook_id: id,
            url: url.to_string(),
            client_id: client_id.transpose()?,
            kinds: rules::kinds(access, request.event_types.as_deref())?,
            pods: Vec::new(),
            inboxes: Vec::new(),
            unseen: unseen(access),
            gather: request.gather.map(rules::gather).transpose()?,
            secret: self.seal_for(id, Part::Secret, &secret)?,
            headers: self.seal_fields(id, &fields)?,
        };
        let inboxes = inbox_ids(request.inbox_ids.as_deref())?;
        let pods = pod_ids(request.pod_ids.as_deref())?;
        let upkeep = expire_hooks::job(self, now)?;
        let made = self.store().write(grant, move |txn| {
            // What it belongs to cannot be deleted between here and the commit.
            match *txn.access().scope() {
                Scope::Org => {}
                Scope::Pod(pod) => txn.hold_pod(pod)?,
                Scope::Inbox(_, key) => txn.lock_inbox(key)?,
            }
            let mut new = new.clone();
            new.inboxes = keys(txn, &inboxes)?;
            new.pods = existing(txn, &pods)?;
            rules::narrowed(new.pods.len(), new.inboxes.len())?;
            let row = txn.create_webhook(&new, MOST)?;
            txn.enqueue(&upkeep)?;
            shown(txn, row)
        });
        self.whole(&made.await?)
    }

    /// A page of the webhooks within reach, newest first, without their secrets.
    ///
    /// # Errors
    /// `validation_error` for a bad token.
    pub async fn webhooks(
        &self,
        grant: &Grant<perm::WebhookRead>,
        page: Page,
    ) -> Result<wire::ListWebhooksResponse> {
        let list = Listing::new(self, "webhooks", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            let rows = view.webhooks(from, ascending, fetch)?;
            rows.into_iter()
                .map(|row| shown(view, row))
                .collect::<Result<Vec<_>>>()
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |one| Position {
            at: one.row.webhook.created_at.as_micros(),
            key: *one.row.webhook.webhook_id.as_bytes(),
        });
        let webhooks: Vec<_> = found.iter().map(|one| one.render(None)).collect();
        Ok(wire::ListWebhooksResponse {
            count: webhooks.len(),
            limit: page.limit,
            next_page_token,
            webhooks,
        })
    }

    /// One webhook with its secret.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn webhook(
        &self,
        grant: &Grant<perm::WebhookRead>,
        id: WebhookId,
    ) -> Result<wire::Webhook> {
        let found = self.store().read(grant, move |view| {
            let row = view.webhook(id)?;
            shown(view, row)
        });
        self.whole(&found.await?)
    }

    /// Changes a webhook. Switched on again, it is told what happens from then on.
    ///
    /// # Errors
    /// `validation_error` when nothing is given, `missing_permission`, `limit_exceeded` or
    /// `not_found`.
    pub async fn update_webhook(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
        request: UpdateWebhookRequest,
    ) -> Result<wire::Webhook> {
        let lists = [
            &request.event_types,
            &request.add_inbox_ids,
            &request.remove_inbox_ids,
            &request.add_pod_ids,
            &request.remove_pod_ids,
        ];
        let nothing = request.enabled.is_none() && request.gather.is_absent();
        if lists.iter().all(|list| list.is_none()) && nothing {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide event_types, enabled, gather, or inboxes or pods to add or remove",
            ));
        }
        let gather = match request.gather {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(seconds) => Some(Some(rules::gather(seconds)?)),
        };
        let names = request.event_types.unwrap_or_default();
        // An empty list changes nothing: it must not turn into all kinds.
        let kinds = match names.as_slice() {
            [] => None,
            names => rules::kinds(grant.access(), Some(names))?,
        };
        let unseen = unseen(grant.access());
        let add = (
            pod_ids(request.add_pod_ids.as_deref())?,
            inbox_ids(request.add_inbox_ids.as_deref())?,
        );
        let remove = (
            pod_ids(request.remove_pod_ids.as_deref())?,
            inbox_ids(request.remove_inbox_ids.as_deref())?,
        );
        let enabled = request.enabled;
        let changed = self.store().write(grant, move |txn| {
            let held = txn.lock_webhook(id)?;
            let (pods, inboxes) = filter(txn, &held, &add, &remove)?;
            let change = WebhookChange {
                kinds: kinds.clone().map(|kinds| {
                    // Kinds that the caller named are those the caller may see.
                    let both = held.webhook.unseen.bits() & unseen.bits();
                    (kinds, Hidden::from_bits(both))
                }),
                pods: Some(pods),
                inboxes: Some(inboxes),
                gather,
            };
            txn.change_webhook(&held, &change)?;
            if let Some(enabled) = enabled {
                txn.switch_webhook(&held, enabled, None)?;
            }
            let row = txn.webhook(id)?;
            shown(txn, row)
        });
        self.whole(&changed.await?)
    }

    /// Removes a webhook. Nothing is posted to it from now on.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_webhook(
        &self,
        grant: &Grant<perm::WebhookDelete>,
        id: WebhookId,
    ) -> Result<()> {
        let purge = purge_hook::job(self, id)?;
        self.store()
            .write(grant, move |txn| {
                txn.delete_webhook(id)?;
                txn.enqueue(&purge)
            })
            .await
    }

    /// The names of the header fields that go with every request of a webhook.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn webhook_headers(
        &self,
        grant: &Grant<perm::WebhookRead>,
        id: WebhookId,
    ) -> Result<WebhookHeaderNamesResponse> {
        let row = self
            .store()
            .read(grant, move |view| view.webhook(id))
            .await?;
        let fields = open_fields(&self.0.seal, &row)?;
        Ok(WebhookHeaderNamesResponse {
            header_names: fields.into_keys().collect(),
        })
    }

    /// Sets and removes header fields that go with every request of a webhook. A name that is both
    /// set and removed is set.
    ///
    /// # Errors
    /// `validation_error` or `not_found`.
    pub async fn update_webhook_headers(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
        request: UpdateWebhookHeadersRequest,
    ) -> Result<()> {
        if request.headers.is_none() && request.remove_headers.is_none() {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide headers or remove_headers",
            ));
        }
        let set = request.headers.unwrap_or_default();
        rules::fields(&set)?;
        let remove = request.remove_headers.unwrap_or_default();
        let (seal, nonce) = (self.0.seal.clone(), self.env().ids.bytes());
        self.store()
            .write(grant, move |txn| {
                let held = txn.lock_webhook(id)?;
                let mut fields = open_fields(&seal, &held)?;
                fields.retain(|name, _| {
                    let gone = remove.iter().chain(set.keys());
                    !gone
                        .into_iter()
                        .any(|other| other.eq_ignore_ascii_case(name))
                });
                fields.extend(set.clone());
                rules::fields(&fields)?;
                let sealed = seal_fields(&seal, nonce, id, &fields)?;
                txn.set_webhook_headers(id, sealed.as_ref())
            })
            .await
    }

    /// Gives a webhook a new secret. Requests are signed with both for 24 hours.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rotate_webhook_secret(
        &self,
        grant: &Grant<perm::WebhookUpdate>,
        id: WebhookId,
    ) -> Result<wire::Webhook> {
        let secret = self.env().ids.bytes::<{ sign::SECRET }>();
        let sealed = self.seal_for(id, Part::Secret, &secret)?;
        let until = self.now().plus(ROTATION);
        let rotated = self.store().write(grant, move |txn| {
            txn.lock_webhook(id)?;
            txn.rotate_webhook_secret(id, &sealed, until)?;
            let row = txn.webhook(id)?;
            shown(txn, row)
        });
        self.whole(&rotated.await?)
    }

    fn whole(&self, one: &Shown) -> Result<wire::Webhook> {
        let id = one.row.webhook.webhook_id;
        let secret = self
            .0
            .seal
            .open(&place(id, Part::Secret), &one.row.secret)?;
        Ok(one.render(Some(sign::shown(&secret))))
    }

    fn seal_for(&self, id: WebhookId, part: Part, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = self.env().ids.bytes();
        self.0.seal.seal(nonce, &place(id, part), plain)
    }

    fn seal_fields(&self, id: WebhookId, fields: &Fields) -> Result<Option<Vec<u8>>> {
        seal_fields(&self.0.seal, self.env().ids.bytes(), id, fields)
    }
}

/// What of a webhook is sealed.
#[derive(Clone, Copy)]
enum Part {
    Secret,
    Headers,
}

fn place(id: WebhookId, part: Part) -> Vec<u8> {
    let part: &[u8] = match part {
        Part::Secret => b"webhook secret ",
        Part::Headers => b"webhook headers ",
    };
    [part, id.as_bytes()].concat()
}

fn seal_fields(
    seal: &Seal,
    nonce: [u8; 24],
    id: WebhookId,
    fields: &Fields,
) -> Result<Option<Vec<u8>>> {
    if fields.is_empty() {
        return Ok(None);
    }
    let plain = serde_json::to_vec(fields).map_err(Error::internal)?;
    seal.seal(nonce, &place(id, Part::Headers), &plain)
        .map(Some)
}

/// The header fields of a webhook.
pub(crate) fn open_fields(seal: &Seal, row: &WebhookRow) -> Result<Fields> {
    let Some(sealed) = &row.headers else {
        return Ok(Fields::new());
    };
    let plain = seal.open(&place(row.webhook.webhook_id, Part::Headers), sealed)?;
    serde_json::from_slice(&plain).map_err(Error::internal)
}

/// The secrets a webhook's requests are signed with now, the newest first.
pub(crate) fn open_secrets(
    seal: &Seal,
    row: &WebhookRow,
    now: mail::Timestamp,
) -> Result<Vec<Vec<u8>>> {
    let place = place(row.webhook.webhook_id, Part::Secret);
    let old = row.old_secret.iter().filter(|(_, until)| *until > now);
    let sealed = std::iter::once(&row.secret).chain(old.map(|(sealed, _)| sealed));
    sealed.map(|sealed| seal.open(&place, sealed)).collect()
}

/// What is hidden from this caller.
fn unseen(access: &Access) -> Hidden {
    Hidden::ALL
        .iter()
        .filter(|(_, bit, _)| !access.sees(*bit))
        .fold(Hidden::NONE, |set, (_, bit, _)| set.with(*bit))
}

fn inbox_ids(texts: Option<&[String]>) -> Result<Vec<InboxId>> {
    let mut ids: Vec<InboxId> = Vec::new();
    for text in texts.unwrap_or_default() {
        let id = InboxId::parse(text).ok_or_else(|| Error::not_found("Inbox"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    rules::narrowed(0, ids.len()).map(|()| ids)
}

fn pod_ids(texts: Option<&[String]>) -> Result<Vec<PodId>> {
    let mut ids: Vec<PodId> = Vec::new();
    for text in texts.unwrap_or_default() {
        let id = text.parse().map_err(|_| Error::not_found("Pod"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    rules::narrowed(ids.len(), 0).map(|()| ids)
}

fn keys(view: &mut View<'_>, ids: &[InboxId]) -> Result<Vec<InboxKey>> {
    ids.iter().map(|id| Ok(view.inbox(id)?.key)).collect()
}

fn existing(view: &mut View<'_>, ids: &[PodId]) -> Result<Vec<PodId>> {
    ids.iter().map(|id| Ok(view.pod(*id)?.pod_id)).collect()
}

type Named = (Vec<PodId>, Vec<InboxId>);

/// The filter of a webhook after a change.
fn filter(
    txn: &mut Txn<'_>,
    held: &WebhookRow,
    (add_pods, add_inboxes): &Named,
    (remove_pods, remove_inboxes): &Named,
) -> Result<(Vec<PodId>, Vec<InboxKey>)> {
    let mut pods = held.webhook.pods.clone();
    let mut inboxes = held.webhook.inboxes.clone();
    for pod in existing(txn, add_pods)? {
        if !pods.contains(&pod) {
            pods.push(pod);
        }
    }
    for key in keys(txn, add_inboxes)? {
        if !inboxes.contains(&key) {
            inboxes.push(key);
        }
    }
    pods.retain(|pod| !remove_pods.contains(pod));
    let mut living = Vec::new();
    for key in &inboxes {
        match txn.inbox_of_key(*key) {
            Ok(inbox) if remove_inboxes.contains(&inbox.inbox_id) => {}
            Ok(_) => living.push(*key),
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let nothing_removed = remove_pods.is_empty() && remove_inboxes.is_empty();
    if pods.is_empty() && living.is_empty() && nothing_removed {
        // All were deleted: it is told nothing, and must not be told everything instead.
        living = inboxes;
    }
    rules::narrowed(pods.len(), living.len())?;
    Ok((pods, living))
}

fn shown(view: &mut View<'_>, row: WebhookRow) -> Result<Shown> {
    let own_inbox = match row.webhook.scope {
        Scope::Inbox(_, key) => Some(view.inbox_of_key(key)?.inbox_id),
        Scope::Org | Scope::Pod(_) => None,
    };
    let mut inboxes = Vec::new();
    for key in &row.webhook.inboxes {
        match view.inbox_of_key(*key) {
            Ok(inbox) => inboxes.push(inbox.inbox_id),
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Shown {
        row,
        own_inbox,
        inboxes,
    })
}

impl Shown {
    fn render(&self, secret: Option<String>) -> wire::Webhook {
        render::webhook(
            &self.row.webhook,
            self.own_inbox.as_ref(),
            &self.inboxes,
            secret,
        )
    }
}

/// A webhook as events about it show it.
pub(crate) fn told(view: &mut View<'_>, row: WebhookRow) -> Result<wire::Webhook> {
    Ok(shown(view, row)?.render(None))
}

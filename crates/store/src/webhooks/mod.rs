//! Webhooks; their deliveries and the reading of the log for them stand beside.

mod deliveries;
mod fan_out;
mod gather;

pub use deliveries::{AttemptEnd, DueHook, delivery_id};
pub use fan_out::FannedOut;
pub(crate) use fan_out::behind;
pub use gather::Gathered;

use mail::Timestamp;
use model::api_key::Scope;
use model::webhook::Webhook;
use model::{Code, Error, EventKind, Hidden, InboxKey, PodId, Result, WebhookId};

use crate::audit::NewAudit;
use crate::db::{DbError, DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "w.webhook_id, w.org_id, w.pod_id, w.inbox_id, w.url, w.client_id, w.kinds, w.pods, \
    w.inboxes, w.unseen, w.enabled, w.disabled_reason, w.failing_since, w.created_at, w.updated_at, \
    w.secret, w.old_secret, w.old_secret_until, w.headers, w.epoch, w.begins, w.gather";

/// A webhook with what only its owner and its receiver may know, sealed.
#[derive(Clone, Debug)]
pub struct WebhookRow {
    /// What everybody may see who sees it at all.
    pub webhook: Webhook,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// The sealed secret before it, and until when it is used too.
    pub old_secret: Option<(Vec<u8>, Timestamp)>,
    /// The sealed header fields that go with every request.
    pub headers: Option<Vec<u8>>,
    /// How often it was disabled.
    pub epoch: i64,
    /// Events after this position are for it.
    pub begins: i64,
}

/// A webhook to be made.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its id, in the order of making.
    pub webhook_id: WebhookId,
    /// Where events are posted.
    pub url: String,
    /// The caller's own id for it.
    pub client_id: Option<String>,
    /// Only these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// Only these pods.
    pub pods: Vec<PodId>,
    /// Only these inboxes.
    pub inboxes: Vec<InboxKey>,
    /// What is not told.
    pub unseen: Hidden,
    /// For how many seconds arrivals in one thread are gathered.
    pub gather: Option<u32>,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// The sealed header fields.
    pub headers: Option<Vec<u8>>,
}

/// What to change of a webhook; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// The kinds, and what is not told from now on.
    pub kinds: Option<(Vec<EventKind>, Hidden)>,
    /// The pods.
    pub pods: Option<Vec<PodId>>,
    /// The inboxes.
    pub inboxes: Option<Vec<InboxKey>>,
    /// For how many seconds arrivals in one thread are gathered, or that they are not.
    pub gather: Option<Option<u32>>,
}

fn read(row: &Row<'_>) -> DbResult<WebhookRow> {
    let pod: Option<PodId> = row.get(2)?;
    let inbox: Option<InboxKey> = row.get(3)?;
    let scope = match (pod, inbox) {
        (None, None) => Scope::Org,
        (Some(pod), None) => Scope::Pod(pod),
        (Some(pod), Some(inbox)) => Scope::Inbox(pod, inbox),
        (None, Some(_)) => return Err(DbError::shape(2)),
    };
    let kinds: Option<String> = row.get(6)?;
    let old: Option<Vec<u8>> = row.get(16)?;
    Ok(WebhookRow {
        webhook: Webhook {
            webhook_id: row.get(0)?,
            org_id: row.get(1)?,
            scope,
            url: row.get(4)?,
            client_id: row.get(5)?,
            kinds: kinds.map(|names| names.lines().filter_map(EventKind::parse).collect()),
            pods: lines(row, 7)?,
            inboxes: lines(row, 8)?,
            unseen: row.get(9)?,
            gather: seconds(row, 21)?,
            enabled: row.get::<i64>(10)? != 0,
            disabled_reason: row.get(11)?,
            failing_since: row.get(12)?,
            created_at: row.get(13)?,
            updated_at: row.get(14)?,
        },
        secret: row.get(15)?,
        old_secret: old.zip(row.get::<Option<Timestamp>>(17)?),
        headers: row.get(18)?,
        epoch: row.get(19)?,
        begins: row.get(20)?,
    })
}

fn seconds(row: &Row<'_>, column: usize) -> DbResult<Option<u32>> {
    let stored = row.get::<Option<i64>>(column)?.map(u32::try_from);
    stored.transpose().map_err(|_| DbError::shape(column))
}

fn lines<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> DbResult<Vec<T>> {
    let ids = row.text(column)?.lines().map(str::parse);
    ids.collect::<Result<_, _>>()
        .map_err(|_| DbError::shape(column))
}

fn joined<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

fn kind_names(kinds: &[EventKind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    names.join("\n")
}

const fn parts(scope: &Scope) -> (Option<PodId>, Option<InboxKey>) {
    match *scope {
        Scope::Org => (None, None),
        Scope::Pod(pod) => (Some(pod), None),
        Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
    }
}

impl View<'_> {
    /// A page of the webhooks within reach, newest first unless `ascending`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn webhooks(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<WebhookRow>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let sql = format!(
            "select {COLUMNS} from webhook w where {{scope w}} \
             and (w.created_at, w.webhook_id) {side} ($1, $2) \
             order by w.created_at {order}, w.webhook_id {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![from.at, from.key.as_slice(), limit], read)?)
    }

    /// A webhook.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn webhook(&mut self, id: WebhookId) -> Result<WebhookRow> {
        let sql =
            format!("select {COLUMNS} from webhook w where {{scope w}} and w.webhook_id = $1");
        let found = self.first(&sql, args![id], read)?;
        found.ok_or_else(|| Error::not_found("Webhook"))
    }

    fn webhook_of_client(&mut self, client_id: &str) -> Result<Option<WebhookRow>> {
        let sql = format!("select {COLUMNS} from webhook w where {{scope w}} and w.client_id = $1");
        Ok(self.first(&sql, args![client_id], read)?)
    }
}

impl Txn<'_> {
    /// Makes a webhook of the caller's scope, once for each `client_id`. It is told what happens
    /// after this transaction.
    ///
    /// # Errors
    /// `limit_exceeded` when the organisation has `most`, or `conflict` when the `client_id`
    /// belongs to a webhook out of this caller's reach.
    pub fn create_webhook(&mut self, new: &NewWebhook, most: i64) -> Result<WebhookRow> {
        // Whoever makes one waits here for the others, so that they can be counted.
        self.lock_cursor()?;
        self.hooks = true;
        if let Some(client_id) = &new.client_id
            && let Some(known) = self.webhook_of_client(client_id)?
        {
            return Ok(known);
        }
        let count = self.first(
            "select count(*) from webhook where {scope:org}",
            &[],
            |row| row.get::<i64>(0),
        )?;
        if count.unwrap_or(0) >= most {
            let detail = format!("The organization has {most} webhooks already");
            return Err(Error::new(Code::LimitExceeded, detail)
                .fix("Delete one that is not needed, or narrow one webhook less."));
        }
        let (org_id, now, begins) = (self.access.org_id(), self.now, self.log_end()?);
        let (pod, inbox) = parts(self.access.scope());
        let made = self.exec(
            "insert into webhook (org_id, pod_id, inbox_id, webhook_id, url, client_id, kinds, pods, inboxes, \
             unseen, secret, headers, enabled, epoch, begins, created_at, updated_at, gather) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, 0, $13, $14, $14, $15) \
             on conflict do nothing -- unscoped: the row names its organisation",
            args![
                org_id,
                pod,
                inbox,
                new.webhook_id,
                &new.url,
                new.client_id.as_deref(),
                new.kinds.as_deref().map(kind_names),
                joined(&new.pods),
                joined(&new.inboxes),
                new.unseen,
                &new.secret,
                new.headers.as_ref(),
                begins,
                now,
                new.gather.map(i64::from),
            ],
        )?;
        if made == 0 {
            return Err(Error::new(
                Code::Conflict,
                "This client_id belongs to another webhook of the organization",
            )
            .fix("Choose another client_id, or use a key that reaches that webhook."));
        }
        let made = self.webhook(new.webhook_id)?;
        let audit = NewAudit::new("webhook.create", new.webhook_id.to_string());
        self.audit(audit.after(&told(&made)));
        Ok(made)
    }

    /// Holds a webhook until the commit and gives its present state.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn lock_webhook(&mut self, id: WebhookId) -> Result<WebhookRow> {
        self.first(
            "select 1 from webhook where {scope} and webhook_id = $1 {lock}",
            args![id],
            |row| row.get::<i64>(0),
        )?;
        self.webhook(id)
    }

    /// Changes a webhook that is held.
    ///
    /// # Errors
    /// When the store fails.
    pub fn change_webhook(&mut self, held: &WebhookRow, change: &WebhookChange) -> Result<()> {
        let old = &held.webhook;
        let (kinds, unseen) = match &change.kinds {
            Some((kinds, unseen)) => (Some(kinds), *unseen),
            None => (old.kinds.as_ref(), old.unseen),
        };
        let pods = change.pods.as_ref().unwrap_or(&old.pods);
        let inboxes = change.inboxes.as_ref().unwrap_or(&old.inboxes);
        let gather = change.gather.unwrap_or(old.gather);
        let now = self.now;
        self.exec(
            "update webhook set kinds = $2, unseen = $3, pods = $4, inboxes = $5, updated_at = $6, gather = $7 \
             where {scope} and webhook_id = $1",
            args![
                old.webhook_id,
                kinds.map(|kinds| kind_names(kinds)),
                unseen,
                joined(pods),
                joined(inboxes),
                now,
                gather.map(i64::from),
            ],
        )?;
        let changed = self.webhook(old.webhook_id)?;
        let audit = NewAudit::new("webhook.update", old.webhook_id.to_string());
        self.audit(audit.before(&told(held)).after(&told(&changed)));
        Ok(())
    }

    /// Switches a webhook that is held on or off. What waits for it when it is switched off is
    /// never posted; switched on, it is told what happens from then on.
    ///
    /// # Errors
    /// When the store fails.
    pub fn switch_webhook(
        &mut self,
        held: &WebhookRow,
        enabled: bool,
        reason: Option<&str>,
    ) -> Result<()> {
        if held.webhook.enabled == enabled {
            return Ok(());
        }
        // Between the reading of the log's end and the commit nobody may look at the log for it.
        self.lock_cursor()?;
        self.hooks = true;
        let (now, begins) = (self.now, self.log_end()?);
        self.exec(
            "update webhook set enabled = $2, disabled_reason = $3, epoch = epoch + 1, begins = $4, \
             failing_since = null, updated_at = $5 where {scope} and webhook_id = $1",
            args![held.webhook.webhook_id, enabled, reason, begins, now],
        )?;
        let action = if enabled {
            "webhook.enable"
        } else {
            "webhook.disable"
        };
        self.audit(NewAudit::new(action, held.webhook.webhook_id.to_string()));
        Ok(())
    }

    /// Replaces the sealed header fields of a webhook.
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_webhook_headers(&mut self, id: WebhookId, sealed: Option<&Vec<u8>>) -> Result<()> {
        let now = self.now;
        self.exec(
            "update webhook set headers = $2, updated_at = $3 where {scope} and webhook_id = $1",
            args![id, sealed, now],
        )?;
        self.audit(NewAudit::new("webhook.update_headers", id.to_string()));
        Ok(())
    }

    /// Replaces the sealed secret of a webhook; the old one is used too until `until`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rotate_webhook_secret(
        &mut self,
        id: WebhookId,
        sealed: &Vec<u8>,
        until: Timestamp,
    ) -> Result<()> {
        let now = self.now;
        self.exec(
            "update webhook set old_secret = secret, old_secret_until = $3, secret = $2, updated_at = $4 \
             where {scope} and webhook_id = $1",
            args![id, sealed, until, now],
        )?;
        self.audit(NewAudit::new("webhook.rotate_secret", id.to_string()));
        Ok(())
    }

    /// Removes a webhook; nothing is posted to it from the commit on. Its deliveries are removed by
    /// [`Txn::purge_hook`].
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn delete_webhook(&mut self, id: WebhookId) -> Result<()> {
        let gone = self.exec(
            "delete from webhook where {scope} and webhook_id = $1",
            args![id],
        )?;
        if gone == 0 {
            return Err(Error::not_found("Webhook"));
        }
        self.audit(NewAudit::new("webhook.delete", id.to_string()));
        Ok(())
    }

    /// Removes the webhooks that belong to an inbox, and gives their ids.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_webhooks_of_inbox(&mut self, inbox: InboxKey) -> Result<Vec<WebhookId>> {
        Ok(self.all(
            "delete from webhook where {scope:org} and inbox_id = $1 returning webhook_id",
            args![inbox],
            |row| row.get(0),
        )?)
    }
}

/// A webhook as the audit log has it: of its address only where it leads, as the rest may be a secret.
fn told(row: &WebhookRow) -> serde_json::Value {
    let webhook = &row.webhook;
    let host = webhook.url.split(['/', '?', '#']).nth(2);
    let host = host.map(|host| host.rsplit('@').next().unwrap_or(host));
    let kinds = webhook.kinds.as_ref();
    let kinds = kinds.map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>());
    serde_json::json!({
        "host": host,
        "event_types": kinds,
        "pods": webhook.pods.len(),
        "inboxes": webhook.inboxes.len(),
        "gather": webhook.gather,
        "enabled": webhook.enabled,
    })
}

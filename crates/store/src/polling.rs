//! Polling webhooks.

use model::api_key::Scope;
use model::polling::{MAX_SUBSCRIPTIONS, PollingWebhook, PollingWebhookId};
use model::{Code, Error, EventFilter, EventKind, Hidden, InboxId, InboxKey, OrgId, PodId, Result};
use subtle::ConstantTimeEq as _;

use crate::access::Credential;
use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "p.webhook_id, p.org_id, p.pod_id, p.inbox_id, p.client_id, p.kinds, p.pods, \
                       p.inboxes, p.unseen, p.begins, p.created_at, p.updated_at";

/// A polling webhook to be stored. The token itself is never stored.
#[derive(Debug)]
pub struct NewPollingWebhook {
    /// Its id.
    pub webhook_id: PollingWebhookId,
    /// Its creator's own id for it.
    pub client_id: String,
    /// The hash of its token.
    pub token: Credential,
    /// What it asks for.
    pub filter: EventFilter,
    /// The inboxes of the filter, by address.
    pub inbox_ids: Vec<InboxId>,
}

fn read(row: &Row<'_>) -> DbResult<PollingWebhook> {
    let pod: Option<PodId> = row.get(2)?;
    let inbox: Option<InboxKey> = row.get(3)?;
    let scope = match (pod, inbox) {
        (None, None) => Scope::Org,
        (Some(pod), None) => Scope::Pod(pod),
        (Some(pod), Some(inbox)) => Scope::Inbox(pod, inbox),
        (None, Some(_)) => return Err(DbError::shape(3)),
    };
    let pods: Result<Vec<PodId>, _> = row.text(6)?.lines().map(str::parse).collect();
    let (mut keys, mut inbox_ids) = (Vec::new(), Vec::new());
    for line in row.text(7)?.lines() {
        let (key, id) = line.split_once(' ').ok_or_else(|| DbError::shape(7))?;
        keys.push(key.parse().map_err(|_| DbError::shape(7))?);
        inbox_ids.push(InboxId::from_stored(id.to_owned()));
    }
    Ok(PollingWebhook {
        webhook_id: PollingWebhookId::new(row.bytes(0)?.try_into().map_err(|_| DbError::shape(0))?),
        org_id: row.get(1)?,
        scope,
        client_id: row.get(4)?,
        filter: EventFilter {
            kinds: Some(row.text(5)?.lines().filter_map(EventKind::parse).collect()),
            inboxes: keys,
            pods: pods.map_err(|_| DbError::shape(6))?,
        },
        inbox_ids,
        unseen: row.get(8)?,
        begins: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}

/// The level and the place of what belongs to `scope`.
fn place(org: OrgId, scope: &Scope) -> (i64, Vec<u8>) {
    match scope {
        Scope::Org => (0, org.as_bytes().to_vec()),
        Scope::Pod(pod) => (1, pod.as_bytes().to_vec()),
        Scope::Inbox(_, inbox) => (2, inbox.as_bytes().to_vec()),
    }
}

impl View<'_> {
    fn own_place(&self) -> (i64, Vec<u8>) {
        place(self.access.org_id(), self.access.scope())
    }

    /// A page of the polling webhooks that belong to exactly what the access reaches, newest first
    /// unless `ascending`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn polling_webhooks(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<PollingWebhook>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let (level, place) = self.own_place();
        let sql = format!(
            "select {COLUMNS} from polling_webhook p where {{scope p}} and p.place = $1 and p.level = $2 \
             and (p.created_at, p.webhook_id) {side} ($3, $4) \
             order by p.created_at {order}, p.webhook_id {order} limit $5"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let key = from.key.as_slice();
        Ok(self.all(&sql, args![place, level, from.at, key, limit], read)?)
    }

    /// The polling webhook with this id within reach, or with this `client_id` among those that
    /// belong to exactly what the access reaches.
    ///
    /// # Errors
    /// `not_found` when there is none.
    pub fn polling_webhook(&mut self, id: &str) -> Result<PollingWebhook> {
        if let Ok(id) = id.parse::<PollingWebhookId>() {
            let sql = format!(
                "select {COLUMNS} from polling_webhook p where {{scope p}} and p.webhook_id = $1"
            );
            if let Some(found) = self.first(&sql, args![id.as_bytes().as_slice()], read)? {
                return Ok(found);
            }
        }
        let found = self.polling_webhook_of_client(id)?;
        found.ok_or_else(|| Error::not_found("Webhook"))
    }

    fn polling_webhook_of_client(&mut self, client_id: &str) -> Result<Option<PollingWebhook>> {
        let (level, place) = self.own_place();
        let sql = format!(
            "select {COLUMNS} from polling_webhook p \
             where {{scope p}} and p.place = $1 and p.level = $2 and p.client_id = $3"
        );
        Ok(self.first(&sql, args![place, level, client_id], read)?)
    }
}

impl Txn<'_> {
    /// Makes a polling webhook of what the access reaches, or gives the one with this `client_id`
    /// the new token; everything else of it stays.
    ///
    /// # Errors
    /// `limit_exceeded` for the eleventh, `missing_permission` for a token that would see what the
    /// caller may not, or `not_found` when the pod or the inbox is gone.
    pub fn put_polling_webhook(&mut self, new: &NewPollingWebhook) -> Result<PollingWebhook> {
        self.hold_place()?;
        let token = new.token.0.as_slice();
        let now = self.now;
        if let Some(known) = self.polling_webhook_of_client(&new.client_id)? {
            if self.access.unseen() & !known.unseen.bits() != 0 {
                return Err(Error::new(
                    Code::MissingPermission,
                    "The subscription sees labels that this key may not see",
                )
                .fix("Use a key that may see them, or another client_id."));
            }
            let id = known.webhook_id.to_string();
            self.audit(NewAudit::new("polling_webhook.renew_token", id));
            self.exec(
                "update polling_webhook set token_hash = $2, updated_at = $3 \
                 where {scope} and webhook_id = $1",
                args![known.webhook_id.as_bytes().as_slice(), token, now],
            )?;
            return Ok(PollingWebhook {
                updated_at: now,
                ..known
            });
        }
        let (level, place) = self.own_place();
        let count = self.first(
            "select count(*) from polling_webhook where {scope} and place = $1 and level = $2",
            args![&place, level],
            |row| row.get::<i64>(0),
        )?;
        if count.unwrap_or(0) >= MAX_SUBSCRIPTIONS {
            return Err(Error::new(
                Code::LimitExceeded,
                "An organization, a pod and an inbox has at most 10 polling webhooks each",
            )
            .fix("Delete one that is no longer read, or create again with its client_id."));
        }
        self.insert_polling_webhook(new, level, &place)?;
        let made = self.polling_webhook_of_client(&new.client_id)?;
        let made =
            made.ok_or_else(|| Error::internal("a polling webhook is gone as it was made"))?;
        let id = made.webhook_id.to_string();
        self.audit(NewAudit::new("polling_webhook.create", id));
        Ok(made)
    }

    fn insert_polling_webhook(
        &mut self,
        new: &NewPollingWebhook,
        level: i64,
        place: &Vec<u8>,
    ) -> Result<()> {
        let (pod, inbox) = match *self.access.scope() {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        if let Some(pod) = pod {
            self.hold_pod(pod)?;
        }
        let kinds = new.filter.kinds.iter().flatten();
        let kinds: Vec<&str> = kinds.map(|kind| kind.name()).collect();
        let pods: Vec<String> = new.filter.pods.iter().map(ToString::to_string).collect();
        let inboxes = new.filter.inboxes.iter().zip(&new.inbox_ids);
        let inboxes: Vec<String> = inboxes.map(|(key, id)| format!("{key} {id}")).collect();
        let unseen = Hidden::from_bits(self.access.unseen());
        let begins = self.log_end()?;
        let (org_id, now) = (self.access.org_id(), self.now);
        self.exec(
            "insert into polling_webhook (org_id, pod_id, inbox_id, webhook_id, level, place, client_id, \
             token_hash, kinds, pods, inboxes, unseen, begins, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) \
             -- unscoped: the row names its tenant",
            args![
                org_id,
                pod,
                inbox,
                new.webhook_id.as_bytes().as_slice(),
                level,
                place,
                &new.client_id,
                new.token.0.as_slice(),
                kinds.join("\n"),
                pods.join("\n"),
                inboxes.join("\n"),
                unseen,
                begins,
                now,
            ],
        )?;
        Ok(())
    }

    /// Holds what the access reaches until the commit: it cannot be deleted, and nobody else counts
    /// what belongs to it.
    fn hold_place(&mut self) -> Result<()> {
        match *self.access.scope() {
            Scope::Inbox(_, inbox) => self.lock_inbox(inbox),
            Scope::Pod(pod) => {
                let found = self.first(
                    "select 1 from pod where {scope:pod} and pod_id = $1 {lock}",
                    args![pod],
                    |row| row.get::<i64>(0),
                )?;
                found.map(|_| ()).ok_or_else(|| Error::not_found("Pod"))
            }
            Scope::Org => {
                self.first("select 1 from org where {scope:org} {lock}", &[], |row| {
                    row.get::<i64>(0)
                })?;
                Ok(())
            }
        }
    }

    /// Removes a polling webhook; its token opens nothing from the commit on.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn delete_polling_webhook(&mut self, id: &str) -> Result<()> {
        let found = self.polling_webhook(id)?;
        self.exec(
            "delete from polling_webhook where {scope} and webhook_id = $1",
            args![found.webhook_id.as_bytes().as_slice()],
        )?;
        let id = found.webhook_id.to_string();
        self.audit(NewAudit::new("polling_webhook.delete", id));
        Ok(())
    }
}

/// The polling webhook with this token.
pub(crate) fn find(conn: &mut dyn Conn, token: &Credential) -> Result<Option<PollingWebhook>> {
    let sql = conn.dialect().plain(&format!(
        "select {COLUMNS}, p.token_hash from polling_webhook p where p.token_hash = $1 \
         -- unscoped: this is how the organisation is found"
    ));
    let mut found = None;
    conn.query(&sql, args![token.0.as_slice()], &mut |row| {
        // As for API keys: in constant time whatever the engine's index does.
        if bool::from(row.bytes(12)?.ct_eq(&token.0)) {
            found = Some(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}

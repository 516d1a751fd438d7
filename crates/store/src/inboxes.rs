//! Inboxes.

use model::api_key::Scope;
use model::inbox::{AutoSubmitted, Inbox, InboxStatus};
use model::{Code, Error, InboxId, InboxKey, OrgId, PodId, Result};

use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::domains;
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "i.inbox_id, i.pod_id, i.address, i.display_name, i.client_id, i.status, \
                       i.metadata, i.created_at, i.updated_at, i.auto_submitted";

/// Where mail for an address goes.
#[derive(Clone, Debug)]
pub struct Route {
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox's row.
    pub inbox_key: InboxKey,
    /// The inbox.
    pub inbox_id: InboxId,
}

/// An inbox to be made.
#[derive(Clone, Debug)]
pub struct NewInbox {
    /// Its row.
    pub key: InboxKey,
    /// The pod it will live in.
    pub pod_id: PodId,
    /// Its address.
    pub inbox_id: InboxId,
    /// The name in what it sends.
    pub display_name: Option<String>,
    /// The caller's own id for it.
    pub client_id: Option<String>,
    /// Whether it may send.
    pub status: InboxStatus,
    /// The caller's notes as JSON.
    pub metadata: Option<String>,
}

/// What became of a [`NewInbox`].
#[derive(Clone, Debug)]
pub enum NewInboxOutcome {
    /// It was made.
    Made(Inbox),
    /// The caller made it before, under the same `client_id`.
    Known(Inbox),
    /// Somebody has the address.
    Taken,
}

/// What to change on an inbox; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct InboxChange {
    /// The name in what it sends, or none.
    pub display_name: Option<Option<String>>,
    /// Whether it may send.
    pub status: Option<InboxStatus>,
    /// The caller's notes as JSON, or none.
    pub metadata: Option<Option<String>>,
    /// Which of its mail says that no person sent it, or what the operator says.
    pub auto_submitted: Option<Option<AutoSubmitted>>,
}

fn read(row: &Row<'_>) -> DbResult<Inbox> {
    let auto_submitted: Option<String> = row.get(9)?;
    Ok(Inbox {
        key: row.get(0)?,
        pod_id: row.get(1)?,
        inbox_id: row.get(2)?,
        display_name: row.get(3)?,
        client_id: row.get(4)?,
        status: InboxStatus::parse(row.text(5)?).ok_or_else(|| DbError::shape(5))?,
        metadata: row.get(6)?,
        auto_submitted: auto_submitted.as_deref().and_then(AutoSubmitted::parse),
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

impl View<'_> {
    /// The inbox with this address.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn inbox(&mut self, inbox_id: &InboxId) -> Result<Inbox> {
        let sql = format!("select {COLUMNS} from inbox i where {{scope i}} and i.address = $1");
        let found = self.first(&sql, args![inbox_id], read)?;
        found.ok_or_else(|| Error::not_found("Inbox"))
    }

    /// A page of inboxes by age, newest first unless `ascending`, beginning after `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn inboxes(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Inbox>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        // One inbox has no order, and asking for it would hide from PostgreSQL that it is one row.
        let order = match self.access.scope() {
            Scope::Inbox(..) => String::new(),
            Scope::Org | Scope::Pod(_) => {
                format!("order by i.created_at {order}, i.inbox_id {order}")
            }
        };
        let sql = format!(
            "select {COLUMNS} from inbox i where {{scope i}} and (i.created_at, i.inbox_id) {side} ($1, $2) \
             {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![from.at, from.key.as_slice(), limit], read)?)
    }

    fn inbox_of_client(&mut self, pod: PodId, client_id: &str) -> Result<Option<Inbox>> {
        let sql = format!(
            "select {COLUMNS} from inbox i where {{scope:pod i}} and i.pod_id = $1 and i.client_id = $2"
        );
        Ok(self.first(&sql, args![pod, client_id], read)?)
    }

    /// The inbox in this row.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn inbox_of_key(&mut self, key: InboxKey) -> Result<Inbox> {
        let sql = format!("select {COLUMNS} from inbox i where {{scope i}} and i.inbox_id = $1");
        let found = self.first(&sql, args![key], read)?;
        found.ok_or_else(|| Error::not_found("Inbox"))
    }

    /// Which of these addresses are free.
    ///
    /// # Errors
    /// When the store fails.
    pub fn free_addresses(&mut self, candidates: &[InboxId]) -> Result<Vec<InboxId>> {
        let mut free = Vec::new();
        for candidate in candidates {
            let taken = self.first(
                "select 1 from inbox where address = $1 -- unscoped: addresses are unique on the server",
                args![candidate],
                |row| row.get::<i64>(0),
            )?;
            if taken.is_none() {
                free.push(candidate.clone());
            }
        }
        Ok(free)
    }
}

impl Txn<'_> {
    /// Makes an inbox, once for each `client_id` of its pod.
    ///
    /// # Errors
    /// `not_found` for the pod.
    pub fn create_inbox(&mut self, new: &NewInbox) -> Result<NewInboxOutcome> {
        if let Some(client_id) = &new.client_id
            && let Some(known) = self.inbox_of_client(new.pod_id, client_id)?
        {
            return Ok(NewInboxOutcome::Known(known));
        }
        self.hold_pod(new.pod_id)?;
        let (org_id, now) = (self.access.org_id(), self.now);
        let made = self.exec(
            "insert into inbox (org_id, pod_id, inbox_id, address, display_name, client_id, status, metadata, \
             created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) \
             on conflict do nothing -- unscoped: the row names its organisation",
            args![
                org_id,
                new.pod_id,
                new.key,
                &new.inbox_id,
                new.display_name.as_deref(),
                new.client_id.as_deref(),
                new.status.name(),
                new.metadata.as_deref(),
                now,
            ],
        )?;
        if made > 0 {
            self.index_inbox(new.key)?;
            let inbox = self.inbox(&new.inbox_id)?;
            self.audit(NewAudit::new("inbox.create", inbox.inbox_id.as_str()).after(&told(&inbox)));
            return Ok(NewInboxOutcome::Made(inbox));
        }
        // The same first call may have come twice at once; the other one was faster.
        if let Some(client_id) = &new.client_id
            && let Some(known) = self.inbox_of_client(new.pod_id, client_id)?
        {
            return Ok(NewInboxOutcome::Known(known));
        }
        if self
            .free_addresses(std::slice::from_ref(&new.inbox_id))?
            .is_empty()
        {
            return Ok(NewInboxOutcome::Taken);
        }
        Err(Error::new(
            Code::RaceCondition,
            "What was in the way of this inbox has just gone",
        ))
    }

    /// Changes an inbox and gives its new state.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn change_inbox(&mut self, inbox_id: &InboxId, change: &InboxChange) -> Result<Inbox> {
        let inbox = self.inbox(inbox_id)?;
        let before = told(&inbox);
        let display_name = change.display_name.clone().unwrap_or(inbox.display_name);
        let status = change.status.unwrap_or(inbox.status);
        let metadata = change.metadata.clone().unwrap_or(inbox.metadata);
        let auto_submitted = change.auto_submitted.unwrap_or(inbox.auto_submitted);
        let now = self.now;
        self.exec(
            "update inbox set display_name = $2, status = $3, metadata = $4, updated_at = $5, \
             auto_submitted = $6 where {scope} and inbox_id = $1",
            args![
                inbox.key,
                display_name,
                status.name(),
                metadata,
                now,
                auto_submitted.map(AutoSubmitted::name),
            ],
        )?;
        if change.display_name.is_some() {
            self.index_inbox(inbox.key)?;
        }
        let inbox = self.inbox(inbox_id)?;
        let audit = NewAudit::new("inbox.update", inbox.inbox_id.as_str());
        self.audit(audit.before(&before).after(&told(&inbox)));
        Ok(inbox)
    }

    /// Holds the row of an inbox until the commit, which puts everybody who files into it in one
    /// line: the choice of a thread depends on what is there.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn lock_inbox(&mut self, key: InboxKey) -> Result<()> {
        let found = self.first(
            "select 1 from inbox where {scope} and inbox_id = $1 {lock}",
            args![key],
            |row| row.get::<i64>(0),
        )?;
        found.map(|_| ()).ok_or_else(|| Error::not_found("Inbox"))
    }

    /// Removes the row of an inbox; its address is free at once, and what it held can no longer be
    /// reached. The content is removed by [`Txn::purge_inbox`] in slices.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` while keys are bound to it.
    pub fn delete_inbox(&mut self, inbox_id: &InboxId) -> Result<Inbox> {
        let inbox = self.inbox(inbox_id)?;
        self.lock_inbox(inbox.key)?;
        let bound = self.first(
            "select 1 from api_key where {scope:org} and inbox_id = $1 limit 1",
            args![inbox.key],
            |row| row.get::<i64>(0),
        )?;
        if bound.is_some() {
            return Err(
                Error::new(Code::CannotDelete, "API keys are bound to this inbox")
                    .fix("Delete the keys of this inbox first, then the inbox."),
            );
        }
        self.exec(
            "delete from inbox where {scope} and inbox_id = $1",
            args![inbox.key],
        )?;
        self.exec(
            "delete from polling_webhook where {scope} and inbox_id = $1",
            args![inbox.key],
        )?;
        self.routes = true;
        self.audit(NewAudit::new("inbox.delete", inbox.inbox_id.as_str()).before(&told(&inbox)));
        Ok(inbox)
    }

    /// Removes up to `slice` messages or drafts of an inbox that was deleted; whether any may be left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_inbox(&mut self, key: InboxKey, slice: usize) -> Result<bool> {
        let limit = i64::try_from(slice).unwrap_or(i64::MAX);
        let messages = self.all(
            "select message_key, blob_id, at from message where {scope} and inbox_id = $1 limit $2",
            args![key, limit],
            |row| {
                Ok((
                    row.get::<Vec<u8>>(0)?,
                    row.get::<Vec<u8>>(1)?,
                    row.get::<i64>(2)?,
                ))
            },
        )?;
        let times = || messages.iter().map(|(_, _, at)| *at);
        if let Some((oldest, newest)) = times().min().zip(times().max()) {
            let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
            self.count_gone(oldest, newest, count)?;
        }
        for (message_key, blob_id, _) in &messages {
            self.exec(
                "delete from message where {scope} and message_key = $1",
                args![message_key],
            )?;
            self.forget_deliveries(message_key)?;
            self.unlink(blob_id)?;
        }
        if !messages.is_empty() || self.purge_drafts(key, slice)? {
            return Ok(true);
        }
        for table in [
            "message_label",
            "message_claim",
            "thread_label",
            "thread_ref",
            "thread_hint",
            "thread",
            "label_change",
            "list_entry",
            "send_log",
            "inbox_word",
            "screen_mode",
            "screen_feedback",
            "acquaintance",
            "thread_pause",
            "halt",
            "leak_value",
            "bounce_count",
        ] {
            let sql = format!("delete from {table} where {{scope}} and inbox_id = $1");
            self.exec(&sql, args![key])?;
        }
        self.purge_approvals(key)?;
        Ok(false)
    }
}

/// An inbox as the audit log has it. What its owner notes of it stays out.
fn told(inbox: &Inbox) -> serde_json::Value {
    serde_json::json!({
        "pod_id": inbox.pod_id.to_string(),
        "display_name": inbox.display_name,
        "status": inbox.status.name(),
        "auto_submitted": inbox.auto_submitted.map(AutoSubmitted::name),
    })
}

/// The inbox at an address, and whether mail reaches it: its domain may have been removed, or may
/// only send.
#[derive(Clone, Debug)]
pub(crate) struct Addressed {
    pub(crate) route: Route,
    pub(crate) receives: bool,
    /// Nobody has the address, and the inbox gets such mail.
    pub(crate) caught: bool,
}

/// The inboxes at these addresses, in their order.
pub(crate) fn addressed(
    conn: &mut dyn Conn,
    addresses: &[String],
) -> Result<Vec<Option<Addressed>>> {
    let sql = conn.dialect().plain(
        "select org_id, pod_id, inbox_id, address from inbox where address = $1 \
         -- unscoped: routing of mail",
    );
    let mut routes = Vec::with_capacity(addresses.len());
    for address in addresses {
        let mut found = None;
        conn.query(&sql, args![address], &mut |row| {
            found = Some(Route {
                org_id: row.get(0)?,
                pod_id: row.get(1)?,
                inbox_key: row.get(2)?,
                inbox_id: row.get(3)?,
            });
            Ok(())
        })?;
        let found: Option<Route> = found;
        routes.push(match found {
            None => {
                let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
                domains::catch_all(conn, domain)?.map(|route| Addressed {
                    route,
                    receives: true,
                    caught: true,
                })
            }
            Some(route) => {
                let domain = domains::domain_of(&route.inbox_id);
                let receives = domains::receives(conn, domain, route.org_id, route.pod_id)?;
                Some(Addressed {
                    route,
                    receives,
                    caught: false,
                })
            }
        });
    }
    Ok(routes)
}

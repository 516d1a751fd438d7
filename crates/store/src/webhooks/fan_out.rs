//! Reading the log for all webhooks of an organisation at once.

use std::collections::BTreeSet;

use mail::Timestamp;
use model::webhook::EventFacts;
use model::{Code, Error, EventId, EventKind, OrgId, Result, WebhookId};

use super::{COLUMNS, WebhookRow, read};
use crate::db::{Conn, args};
use crate::txn::Txn;
use crate::view::View;

/// What a slice of the log came to.
#[derive(Clone, Debug, Default)]
pub struct FannedOut {
    /// The webhooks that have something to be posted.
    pub webhooks: BTreeSet<WebhookId>,
    /// Whether the log goes on.
    pub more: bool,
}

/// An event without its body.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) event_id: EventId,
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    pub(crate) facts: EventFacts,
}

impl View<'_> {
    /// Whether the log goes on after what was looked at; `None` for an organisation that has no
    /// webhooks.
    pub(crate) fn hooks_are_behind(&mut self) -> Result<Option<bool>> {
        let cursor = self.first(
            "select seq from webhook_cursor where {scope:org}",
            &[],
            |row| row.get::<i64>(0),
        )?;
        match cursor {
            Some(cursor) => Ok(Some(cursor < self.log_end()?)),
            None => Ok(None),
        }
    }

    /// The events after `seq` up to `end`, without their bodies.
    pub(crate) fn log_heads(&mut self, seq: i64, end: i64, limit: i64) -> Result<Vec<Head>> {
        Ok(self.all(
            "select seq, event_id, kind, pod_id, inbox_id, hidden, at from event \
             where {scope:org} and seq > $1 and seq <= $2 order by seq limit $3",
            args![seq, end, limit],
            |row| {
                let name: String = row.get(2)?;
                Ok(Head {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    facts: EventFacts {
                        kind: EventKind::parse(&name),
                        pod_id: row.get(3)?,
                        inbox_key: row.get(4)?,
                        hidden: row.get(5)?,
                    },
                    at: row.get(6)?,
                    name,
                })
            },
        )?)
    }
}

impl Txn<'_> {
    /// Holds the position up to which the log was looked at for webhooks, which begins at the log's
    /// end, and gives it.
    pub(crate) fn lock_cursor(&mut self) -> Result<i64> {
        let org_id = self.access.org_id();
        // Whoever finds an organisation without webhooks removes its row, also between the two
        // statements.
        for _ in 0..3 {
            let end = self.log_end()?;
            self.exec(
                "insert into webhook_cursor (org_id, seq) values ($1, $2) \
                 on conflict (org_id) do nothing -- unscoped: the row names its organisation",
                args![org_id, end],
            )?;
            let cursor = self.first(
                "select seq from webhook_cursor where {scope:org} {lock}",
                &[],
                |row| row.get(0),
            )?;
            if let Some(cursor) = cursor {
                return Ok(cursor);
            }
        }
        Err(Error::new(Code::RaceCondition, "Somebody else was faster").fix("Try again."))
    }

    /// Opens a delivery for each event and webhook that belong together, in the next slice of the
    /// log, and moves the cursor behind it. Two processes cannot do it at once, and a delivery is
    /// there exactly if its event is behind the cursor.
    ///
    /// # Errors
    /// When the store fails.
    pub fn fan_out(&mut self, slice: i64, most: usize) -> Result<FannedOut> {
        let mut cursor = self.lock_cursor()?;
        let end = self.log_end()?;
        // The log is read before the webhooks: whoever has heard that a webhook is there, and then
        // causes an event, finds it posted.
        let heads = self.log_heads(cursor, end, slice)?;
        let sql =
            format!("select {COLUMNS} from webhook w where {{scope:org w}} and w.enabled = 1");
        let hooks = self.all(&sql, &[], read)?;
        let mut out = FannedOut::default();
        if hooks.is_empty() {
            // Until there is a webhook again, events cost nothing here.
            self.exec("delete from webhook_cursor where {scope:org}", &[])?;
            return Ok(out);
        }
        let mut opened = 0;
        let full = i64::try_from(heads.len()).unwrap_or(slice) >= slice;
        let mut cut = false;
        for head in &heads {
            if opened >= most {
                cut = true;
                break;
            }
            for hook in &hooks {
                if head.seq <= hook.begins || !hook.webhook.wants(&head.facts) {
                    continue;
                }
                let (event, seq) = (head.event_id, head.seq);
                let is_new = match hook.webhook.gathers_for(&head.facts) {
                    Some(time) => self.gather(hook, head, time)?,
                    None => self.open_hook_delivery(hook, event, seq, &head.name, None)?,
                };
                if is_new {
                    out.webhooks.insert(hook.webhook.webhook_id);
                }
                opened += 1;
            }
            cursor = head.seq;
        }
        if !full && !cut {
            cursor = end;
        }
        self.exec(
            "update webhook_cursor set seq = $1 where {scope:org}",
            args![cursor],
        )?;
        out.more = cursor < end;
        Ok(out)
    }

    /// Makes the events after `seq` up to `end` that are for a webhook, and not older than `since`,
    /// due again, in a slice of the log. Gives how many, and where the next slice begins, if there
    /// is one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn replay_hook(
        &mut self,
        hook: &WebhookRow,
        (seq, end): (i64, i64),
        since: Option<Timestamp>,
        slice: i64,
    ) -> Result<(i64, Option<i64>)> {
        let heads = self.log_heads(seq, end, slice)?;
        let mut count = 0;
        for head in &heads {
            if let Some(kind) = head.facts.kind
                && hook.webhook.wants(&head.facts)
                && since.is_none_or(|since| head.at >= since)
            {
                self.replay_hook_delivery(hook, head.event_id, head.seq, kind)?;
                count += 1;
            }
        }
        let full = i64::try_from(heads.len()).unwrap_or(slice) >= slice;
        let next = heads.last().filter(|_| full).map(|head| head.seq);
        Ok((count, next.filter(|next| *next < end)))
    }
}

/// Organisations whose log goes on after what was looked at for their webhooks.
pub(crate) fn behind(conn: &mut dyn Conn, limit: i64) -> Result<Vec<OrgId>> {
    let mut found = Vec::new();
    let sql = conn.dialect().plain(
        "select c.org_id from webhook_cursor c join org o on o.org_id = c.org_id \
         where o.event_seq > c.seq limit $1 -- unscoped: the server serves every organisation",
    );
    conn.query(&sql, args![limit], &mut |row| {
        found.push(row.get(0)?);
        Ok(())
    })?;
    Ok(found)
}

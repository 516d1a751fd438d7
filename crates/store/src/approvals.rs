//! Held departures: each waits once, and is decided once.

use mail::MessageId;
use model::api_key::Scope;
use model::approval::{Approval, ApprovalState};
use model::{ApprovalId, Code, DraftId, Error, InboxKey, Result, ThreadId};

use crate::audit::NewAudit;
use crate::db::{DbError, DbResult, Row, Value, args};
use crate::messages::Position;
use crate::messages::listing::{Conditions, page};
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

const COLUMNS: &str = "a.approval_id, a.org_id, a.pod_id, a.inbox_id, i.address, a.draft_id, a.draft_version, \
    a.asked_by, a.act, a.request, a.findings, a.tainted_by, a.state, a.created_at, a.expires_at, a.decided_at, \
    a.decided_by, a.reason, a.message_id, a.thread_id";

/// What was decided about a held departure.
#[derive(Clone, Debug)]
pub struct ApprovalEnd {
    /// How it stands from now on.
    pub state: ApprovalState,
    /// Who decided.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What was sent.
    pub sent: Option<(MessageId, ThreadId)>,
}

fn read(row: &Row<'_>) -> DbResult<Approval> {
    let (act, request) = (
        row.get::<Option<String>>(8)?,
        row.get::<Option<Vec<u8>>>(9)?,
    );
    let (message, thread) = (
        row.get::<Option<MessageId>>(18)?,
        row.get::<Option<ThreadId>>(19)?,
    );
    let tainted: Option<String> = row.get(11)?;
    Ok(Approval {
        approval_id: row.get(0)?,
        org_id: row.get(1)?,
        pod_id: row.get(2)?,
        inbox_key: row.get(3)?,
        inbox_id: row.get(4)?,
        draft_id: row.get(5)?,
        draft_version: row.get(6)?,
        asked_by: row.get(7)?,
        act: act.zip(request),
        findings: from_json(row.text(10)?, 10)?,
        tainted_by: tainted.map_or_else(|| Ok(Vec::new()), |text| from_json(&text, 11))?,
        state: ApprovalState::parse(row.text(12)?).ok_or_else(|| DbError::shape(12))?,
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
        decided_at: row.get(15)?,
        decided_by: row.get(16)?,
        reason: row.get(17)?,
        sent: message.zip(thread),
    })
}

impl View<'_> {
    /// A held departure.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn approval(&mut self, id: ApprovalId) -> Result<Approval> {
        let sql = format!(
            "select {COLUMNS} from approval a join inbox i on i.inbox_id = a.inbox_id \
             where {{scope a}} and a.approval_id = $1"
        );
        let found = self.first(&sql, args![id], read)?;
        found.ok_or_else(|| Error::not_found("Approval"))
    }

    /// What waits as this draft.
    ///
    /// # Errors
    /// When the store fails.
    pub fn approval_of_draft(&mut self, id: DraftId) -> Result<Option<Approval>> {
        let sql = format!(
            "select {COLUMNS} from approval a join inbox i on i.inbox_id = a.inbox_id \
             where {{scope a}} and a.draft_id = $1 and a.state = 'pending'"
        );
        Ok(self.first(&sql, args![id], read)?)
    }

    /// What this very request was held as.
    ///
    /// # Errors
    /// `conflict` when another request was held under the key.
    pub fn approval_under(&mut self, act: &str, request: &[u8; 32]) -> Result<Option<Approval>> {
        let sql = format!(
            "select {COLUMNS} from approval a join inbox i on i.inbox_id = a.inbox_id \
             where {{scope:org a}} and a.act = $1"
        );
        let found = self.first(&sql, args![act], read)?;
        match &found {
            Some(Approval {
                act: Some((_, known)),
                ..
            }) if known != request => Err(Error::new(
                Code::Conflict,
                "This Idempotency-Key was used for another request",
            )
            .fix("Use a new Idempotency-Key for each act; repeat one only with the same request.")),
            _ => Ok(found),
        }
    }

    /// A page of the held departures within reach that stand so, newest first unless ascending.
    ///
    /// # Errors
    /// When the store fails.
    pub fn approvals(
        &mut self,
        state: ApprovalState,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Approval>> {
        let source = match self.access.scope() {
            Scope::Inbox(..) => "approval a {by approval_inbox}",
            Scope::Pod(_) => "approval a {by approval_pod}",
            Scope::Org => "approval a {by approval_org}",
        };
        let mut list = Conditions::new("{scope a}");
        list.and("a.state = #", [Value::from(state.name())]);
        let order = page(
            &mut list,
            "a.created_at",
            "a.approval_id",
            from,
            ascending,
            limit,
        );
        let sql = format!(
            "select {COLUMNS} from {source} join inbox i on i.inbox_id = a.inbox_id where {}{order}",
            list.sql
        );
        Ok(self.all(&sql, &list.values, read)?)
    }
}

impl Txn<'_> {
    /// Writes down that a departure waits. `Some` is the earlier hold of the same request: then
    /// nothing was written.
    ///
    /// # Errors
    /// `conflict` when another request was held under its key.
    pub fn open_approval(&mut self, new: &Approval) -> Result<Option<Approval>> {
        let (act, request) = new.act.clone().unzip();
        let tainted_by = (!new.tainted_by.is_empty()).then(|| to_json(&new.tainted_by));
        let made = self.exec(
            "insert into approval (org_id, pod_id, inbox_id, approval_id, draft_id, draft_version, asked_by, act, \
             request, findings, tainted_by, state, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             on conflict (org_id, act) do nothing -- unscoped: the row names its tenant, whose inbox is held",
            args![
                new.org_id,
                new.pod_id,
                new.inbox_key,
                new.approval_id,
                new.draft_id,
                new.draft_version,
                new.asked_by,
                act,
                request.as_deref(),
                to_json(&new.findings)?,
                tainted_by.transpose()?,
                new.state.name(),
                new.created_at,
                new.expires_at,
            ],
        )?;
        if made > 0 {
            return Ok(None);
        }
        let Some((act, request)) = &new.act else {
            return Err(Error::internal("a held departure was lost"));
        };
        let request = request.as_slice().try_into().map_err(Error::internal)?;
        let known = self.approval_under(act, request)?;
        known
            .map(Some)
            .ok_or_else(|| Error::unavailable("The same request is being answered"))
    }

    /// Holds what waits until the commit and reads it.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn lock_approval(&mut self, id: ApprovalId) -> Result<Approval> {
        self.first(
            "select 1 from approval where {scope} and approval_id = $1 {lock}",
            args![id],
            |row| row.get::<i64>(0),
        )?;
        self.approval(id)
    }

    /// Ends what this transaction holds and what still waits.
    ///
    /// # Errors
    /// `conflict` when somebody has decided before.
    pub fn end_approval(&mut self, approval: &Approval, end: &ApprovalEnd) -> Result<Approval> {
        let now = self.now;
        let (message, thread) = end.sent.clone().unzip();
        let ended = self.exec(
            "update approval set state = $2, decided_at = $3, decided_by = $4, reason = $5, message_id = $6, \
             thread_id = $7 where {scope} and approval_id = $1 and state = 'pending'",
            args![
                approval.approval_id,
                end.state.name(),
                now,
                end.by.as_deref(),
                end.reason.as_deref(),
                message.as_ref(),
                thread,
            ],
        )?;
        if ended == 0 {
            let state = self.approval(approval.approval_id)?.state.name();
            return Err(
                Error::new(Code::Conflict, format!("This was decided before: {state}"))
                    .fix("Read the approval to see what was decided; a new send is decided anew."),
            );
        }
        let state = serde_json::json!({"state": end.state.name(), "by": end.by});
        let target = approval.approval_id.to_string();
        self.audit(NewAudit::new("approval.decide", target).after(&state));
        self.approval(approval.approval_id)
    }

    /// Removes what belonged to an inbox that was deleted.
    pub(crate) fn purge_approvals(&mut self, inbox: InboxKey) -> Result<()> {
        for table in [
            "approval",
            "approval_mail",
            "policy",
            "stranger_mail",
            "gone_stranger",
            "taint",
            "unkeyed_taint",
            "contact",
            "draft_author",
        ] {
            let sql = format!("delete from {table} where {{scope}} and inbox_id = $1");
            self.exec(&sql, args![inbox])?;
        }
        Ok(())
    }
}

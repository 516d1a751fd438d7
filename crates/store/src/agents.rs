//! Organisations that agents made by signing up.

use mail::Timestamp;
use model::{ApiKeyId, Error, InboxKey, OrgId, Result};
use uuid::Uuid;

use crate::db::{Conn, DbResult, Row, args};
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "a.inbox_id, a.api_key_id, a.pending_key_id, a.human, a.human_changes, \
    a.code_nonce, a.code_until, a.code_tries, a.codes_since, a.codes_sent, a.sends_since, a.sends, \
    a.verified_at";

/// What is known of an organisation that an agent made.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The inbox that was made with it.
    pub inbox: InboxKey,
    /// The key of the sign-up.
    pub key: ApiKeyId,
    /// A key that somebody got who named the same human again, and who has not shown the code.
    pub pending_key: Option<ApiKeyId>,
    /// The human's address, folded.
    pub human: Option<String>,
    /// How often the human was replaced by another.
    pub human_changes: i64,
    /// What the code that was mailed last follows from; `None` once it was used.
    pub code: Option<Uuid>,
    /// Until when that code is taken.
    pub code_until: Timestamp,
    /// How often a wrong one was shown.
    pub code_tries: i64,
    /// When the count of mailed codes began.
    pub codes_since: Timestamp,
    /// How many codes were mailed since.
    pub codes_sent: i64,
    /// When the count of recipients began.
    pub sends_since: Timestamp,
    /// How many recipients were written to since.
    pub sends: i64,
    /// When the human was confirmed.
    pub verified_at: Option<Timestamp>,
}

/// A sign-up to be kept.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The inbox that was made with it.
    pub inbox: InboxKey,
    /// The key that was made with it.
    pub key: ApiKeyId,
    /// The human's address, folded.
    pub human: Option<String>,
    /// The software that signed up, as it says.
    pub source: Option<String>,
    /// Where it heard of this server, as it says.
    pub referrer: Option<String>,
}

fn read(row: &Row<'_>) -> DbResult<Agent> {
    let code: Option<Vec<u8>> = row.get(5)?;
    Ok(Agent {
        inbox: row.get(0)?,
        key: row.get(1)?,
        pending_key: row.get(2)?,
        human: row.get(3)?,
        human_changes: row.get(4)?,
        code: code.and_then(|bytes| Uuid::from_slice(&bytes).ok()),
        code_until: row.get(6)?,
        code_tries: row.get(7)?,
        codes_since: row.get(8)?,
        codes_sent: row.get(9)?,
        sends_since: row.get(10)?,
        sends: row.get(11)?,
        verified_at: row.get(12)?,
    })
}

impl View<'_> {
    /// What is known of the caller's organisation as one that an agent made; `None` for any other.
    ///
    /// # Errors
    /// When the store fails.
    pub fn agent(&mut self) -> Result<Option<Agent>> {
        let sql = format!("select {COLUMNS} from agent a where {{scope:org a}}");
        Ok(self.first(&sql, &[], read)?)
    }
}

impl Txn<'_> {
    /// The same, held until the commit.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lock_agent(&mut self) -> Result<Option<Agent>> {
        let sql = format!("select {COLUMNS} from agent a where {{scope:org a}} {{lock}}");
        Ok(self.first(&sql, &[], read)?)
    }

    /// Notes that the caller's organisation was made by an agent; whether the human, if there is
    /// one, was nobody else's.
    ///
    /// # Errors
    /// When the store fails.
    pub fn create_agent(&mut self, new: &NewAgent) -> Result<bool> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let made = self.exec(
            "insert into agent (org_id, inbox_id, api_key_id, human, human_changes, code_until, code_tries, \
             codes_since, codes_sent, sends_since, sends, source, referrer, created_at, updated_at) \
             values ($1, $2, $3, $4, 0, $5, 0, $5, 0, $5, 0, $6, $7, $5, $5) on conflict do nothing \
             -- unscoped: the row names its organisation",
            args![
                org_id,
                new.inbox,
                new.key,
                new.human.as_deref(),
                now,
                new.source.as_deref(),
                new.referrer.as_deref(),
            ],
        )?;
        Ok(made > 0)
    }

    /// Writes back what [`Txn::lock_agent`] gave and the caller changed.
    ///
    /// # Errors
    /// `conflict` when the human is another organisation's, or when the store fails.
    pub fn change_agent(&mut self, agent: &Agent) -> Result<()> {
        let now = self.now;
        if let Some(human) = &agent.human {
            let org_id = self.access.org_id();
            let taken = self.first(
                "select 1 from agent where human = $1 and org_id <> $2 \
                 -- unscoped: a human has one organisation on the server",
                args![human, org_id],
                |row| row.get::<i64>(0),
            )?;
            if taken.is_some() {
                return Err(Error::new(
                    model::Code::Conflict,
                    "This human has another organization",
                )
                .fix("Sign up again with this human_email to get a key of that organization."));
            }
        }
        self.exec(
            "update agent set api_key_id = $1, pending_key_id = $2, human = $3, human_changes = $4, \
             code_nonce = $5, code_until = $6, code_tries = $7, codes_since = $8, codes_sent = $9, \
             sends_since = $10, sends = $11, verified_at = $12, updated_at = $13 where {scope:org}",
            args![
                agent.key,
                agent.pending_key,
                agent.human.as_deref(),
                agent.human_changes,
                agent.code.as_ref().map(|code| code.as_bytes().as_slice()),
                agent.code_until,
                agent.code_tries,
                agent.codes_since,
                agent.codes_sent,
                agent.sends_since,
                agent.sends,
                agent.verified_at,
                now,
            ],
        )?;
        Ok(())
    }
}

/// The organisation of this human, by the folded address.
pub(crate) fn of_human(conn: &mut dyn Conn, human: &str) -> Result<Option<OrgId>> {
    let sql = conn.dialect().plain(
        "select org_id from agent where human = $1 \
         -- unscoped: this is how the organisation is found",
    );
    let mut found = None;
    conn.query(&sql, args![human], &mut |row| {
        found = Some(row.get(0)?);
        Ok(())
    })?;
    Ok(found)
}

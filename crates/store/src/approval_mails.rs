//! What approvers were asked by mail, each about one version of one draft.

use mail::Timestamp;
use model::approval::Approval;
use model::{ApprovalId, OrgId, Result};

use crate::db::{Conn, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

/// A mail that asked somebody for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalMail {
    /// The organisation.
    pub org_id: OrgId,
    /// What it asked about.
    pub approval_id: ApprovalId,
    /// Whom it asked, in the form of `Address::key`.
    pub approver: String,
    /// The version of the draft that it showed.
    pub draft_version: i64,
    /// The hash of the token that its answer shows.
    pub token: [u8; 32],
    /// When it was written down that it left.
    pub sent_at: Option<Timestamp>,
}

fn read(row: &Row<'_>, token: [u8; 32]) -> DbResult<ApprovalMail> {
    Ok(ApprovalMail {
        org_id: row.get(0)?,
        approval_id: row.get(1)?,
        approver: row.get(2)?,
        draft_version: row.get(3)?,
        sent_at: row.get(4)?,
        token,
    })
}

impl Store {
    /// The mail that a token was made for, whatever its organisation.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn approval_mail(&self, token: [u8; 32]) -> Result<Option<ApprovalMail>> {
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select org_id, approval_id, approver, draft_version, sent_at from approval_mail \
                 where token = $1 -- unscoped: the token proves that its holder was asked",
            );
            let mut found = None;
            conn.query(&sql, args![token.as_slice()], &mut |row| {
                found = Some(read(row, token)?);
                Ok(())
            })?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }
}

impl View<'_> {
    /// How many mails asked somebody since then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn approval_mails_since(&mut self, approver: &str, since: Timestamp) -> Result<i64> {
        let count = self.first(
            "select count(*) from approval_mail where {scope:org} and approver = $1 and created_at > $2",
            args![approver, since],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }
}

impl Txn<'_> {
    /// Writes down that somebody is asked, so that the token is known before anybody can show it. The
    /// same again changes nothing; gives the row as it stands.
    ///
    /// # Errors
    /// When the store fails.
    pub fn open_approval_mail(
        &mut self,
        approval: &Approval,
        new: &ApprovalMail,
    ) -> Result<ApprovalMail> {
        let now = self.now;
        self.exec(
            "insert into approval_mail (org_id, pod_id, inbox_id, approval_id, approver, draft_version, token, \
             created_at, answers) values ($1, $2, $3, $4, $5, $6, $7, $8, 0) on conflict (token) do nothing \
             -- unscoped: the row repeats the tenant of its approval",
            args![
                approval.org_id,
                approval.pod_id,
                approval.inbox_key,
                new.approval_id,
                &new.approver,
                new.draft_version,
                new.token.as_slice(),
                now,
            ],
        )?;
        let known = self.first(
            "select org_id, approval_id, approver, draft_version, sent_at from approval_mail \
             where {scope} and token = $1",
            args![new.token.as_slice()],
            |row| read(row, new.token),
        )?;
        known.ok_or_else(|| model::Error::not_found("Approval"))
    }

    /// Writes down that the mail left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn approval_mail_left(&mut self, token: &[u8; 32]) -> Result<()> {
        let now = self.now;
        self.exec(
            "update approval_mail set sent_at = $2 where {scope} and token = $1",
            args![token.as_slice(), now],
        )?;
        Ok(())
    }

    /// Counts something that the approver is told in answer. Whether that is within `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_approval_answer(&mut self, token: &[u8; 32], most: i64) -> Result<bool> {
        let counted = self.exec(
            "update approval_mail set answers = answers + 1 \
             where {scope} and token = $1 and answers < $2",
            args![token.as_slice(), most],
        )?;
        Ok(counted > 0)
    }
}

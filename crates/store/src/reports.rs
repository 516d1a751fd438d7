//! What was reported of deliveries: bounces, complaints, delays.

use mail::Timestamp;
use model::{Error, InboxId, InboxKey, MessageKey, OrgId, PodId, Result};
use uuid::Uuid;

use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::deliveries::DeliveryState;
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::txn::Txn;
use crate::view::View;

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// It will never arrive.
    Bounce,
    /// It was not wanted.
    Complaint,
    /// It takes longer.
    Delay,
}

impl ReportKind {
    const ALL: [Self; 3] = [Self::Bounce, Self::Complaint, Self::Delay];

    /// The name in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Delay => "delay",
        }
    }
}

/// What was reported of a delivery.
#[derive(Clone, Debug)]
pub struct DeliveryReport {
    /// The delivery.
    pub delivery_id: Uuid,
    /// What is said.
    pub kind: ReportKind,
    /// Who said it: `session` for the server that refused, `report` for a report that came later,
    /// `feedback` for a complaint.
    pub source: String,
    /// The state of the delivery before, by its name.
    pub before: String,
    /// Why.
    pub class: String,
    /// The `type` of the event.
    pub bounce_type: String,
    /// The `sub_type` of the event.
    pub sub_type: String,
    /// The enhanced code.
    pub status: Option<String>,
    /// Who reports, as it calls itself.
    pub reporter: Option<String>,
    /// The words of the other side.
    pub detail: String,
    /// When it became known.
    pub at: Timestamp,
}

/// A delivery that somebody reports about, and where it belongs.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox's row.
    pub inbox_key: InboxKey,
    /// The inbox, unless it is gone.
    pub inbox_id: Option<InboxId>,
    /// The message.
    pub message_key: MessageKey,
    /// The recipients' domain.
    pub domain: String,
}

fn read(row: &Row<'_>) -> DbResult<DeliveryReport> {
    let kind = row.text(1)?;
    let kind = ReportKind::ALL.into_iter().find(|one| one.name() == kind);
    Ok(DeliveryReport {
        delivery_id: Uuid::from_slice(row.bytes(0)?).map_err(|_| DbError::shape(0))?,
        kind: kind.ok_or_else(|| DbError::shape(1))?,
        source: row.get(2)?,
        before: row.get(3)?,
        class: row.get(4)?,
        bounce_type: row.get(5)?,
        sub_type: row.get(6)?,
        status: row.get(7)?,
        reporter: row.get(8)?,
        detail: row.get(9)?,
        at: row.get(10)?,
    })
}

impl Store {
    /// The delivery that a return path names, whoever it belongs to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reported(&self, delivery_id: Uuid) -> Result<Option<Reported>> {
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select d.org_id, d.pod_id, d.inbox_id, i.address, d.message_key, d.domain from delivery d \
                 left join inbox i on i.inbox_id = d.inbox_id where d.delivery_id = $1 \
                 -- unscoped: the return path proves that this server made it for this delivery",
            );
            let mut found = None;
            conn.query(&sql, args![delivery_id.as_bytes().as_slice()], &mut |row| {
                found = Some(Reported {
                    org_id: row.get(0)?,
                    pod_id: row.get(1)?,
                    inbox_key: row.get(2)?,
                    inbox_id: row.get(3)?,
                    message_key: row.get(4)?,
                    domain: row.get(5)?,
                });
                Ok(())
            })?;
            Ok((found, Wake::default()))
        };
        self.run(find, Running::read).await
    }

    /// The domain that covers `domain` and was verified, under whose return path mail may leave;
    /// `None` for one that is not, and for the operator's own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verified_domain(&self, domain: String) -> Result<Option<String>> {
        let find = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "select subdomains from domain where domain = $1 and org_id is not null \
                 and status = 'VERIFIED' \
                 -- unscoped: a name has one owner on the server, and the return path is public",
            );
            let mut name = domain.as_str();
            // As deep as routing looks.
            for _ in 0..6 {
                let mut found = None;
                conn.query(&sql, args![name], &mut |row| {
                    found = Some(row.get::<Option<i64>>(0)?.unwrap_or(0) != 0);
                    Ok(())
                })?;
                match found {
                    Some(below) if below || name == domain => {
                        return Ok((Some(name.to_owned()), Wake::default()));
                    }
                    _ => {}
                }
                match name.split_once('.') {
                    Some((_, above)) if above.contains('.') => name = above,
                    _ => break,
                }
            }
            Ok((None, Wake::default()))
        };
        self.run(find, Running::read).await
    }
}

impl View<'_> {
    /// What was reported of the deliveries of a message.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delivery_reports(&mut self, message: MessageKey) -> Result<Vec<DeliveryReport>> {
        let rows = self.all(
            "select delivery_id, kind, source, before, class, type, sub_type, status, reporter, detail, at \
             from delivery_report where {scope} and message_key = $1 order by at, delivery_id, kind",
            args![message],
            read,
        );
        rows.map_err(Error::from)
    }

    /// Whether the owner of the domain an inbox is under wants bounces and complaints as mail too.
    ///
    /// # Errors
    /// When the store fails.
    pub fn wants_notices(&mut self, inbox: &InboxId) -> Result<bool> {
        let mut name = inbox.as_str().rsplit_once('@').map_or("", |(_, name)| name);
        loop {
            let found = self.first(
                "select feedback from domain where {scope:org} and domain = $1",
                args![name],
                |row| row.get::<Option<i64>>(0),
            )?;
            if let Some(feedback) = found {
                return Ok(feedback.unwrap_or(0) != 0);
            }
            match name.split_once('.') {
                Some((_, above)) if above.contains('.') => name = above,
                _ => return Ok(false),
            }
        }
    }
}

impl Txn<'_> {
    /// Keeps what was reported of a delivery. Whether it is the first report of its kind, which is
    /// the one that counts.
    ///
    /// # Errors
    /// When the store fails.
    pub fn report_delivery(
        &mut self,
        (pod, inbox, message): (PodId, InboxKey, MessageKey),
        recipient: &str,
        report: &DeliveryReport,
    ) -> Result<bool> {
        let org_id = self.access.org_id();
        let made = self.exec(
            "insert into delivery_report (org_id, pod_id, inbox_id, message_key, delivery_id, kind, recipient, \
             source, before, class, type, sub_type, status, reporter, detail, at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
             on conflict do nothing -- unscoped: the row names its tenant",
            args![
                org_id,
                pod,
                inbox,
                message,
                report.delivery_id.as_bytes().as_slice(),
                report.kind.name(),
                recipient,
                &report.source,
                &report.before,
                &report.class,
                &report.bounce_type,
                &report.sub_type,
                report.status.as_deref(),
                report.reporter.as_deref(),
                &report.detail,
                report.at,
            ],
        )?;
        Ok(made > 0)
    }

    /// Turns a delivery that was thought to have arrived into one that bounced.
    ///
    /// # Errors
    /// When the store fails.
    pub fn bounce_delivery(&mut self, id: Uuid, detail: &str) -> Result<()> {
        let now = self.now;
        self.exec(
            "update delivery set state = $2, detail = $3, updated_at = $4 \
             where {scope} and delivery_id = $1",
            args![
                id.as_bytes().as_slice(),
                DeliveryState::Bounced.name(),
                detail,
                now
            ],
        )?;
        Ok(())
    }

    /// Removes what was reported of a message that is gone.
    pub(crate) fn forget_reports(&mut self, message_key: &[u8]) -> Result<()> {
        self.exec(
            "delete from delivery_report where {scope} and message_key = $1",
            args![message_key],
        )?;
        Ok(())
    }
}

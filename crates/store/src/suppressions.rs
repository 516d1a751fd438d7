//! Addresses that an organisation does not write to any more, and failures that may make one.

use std::time::Duration;

use mail::Timestamp;
use model::list::{Direction, Entry, ListType};
use model::{Code, Error, Result};

use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, args};
use crate::engine::Running;
use crate::events::Wake;
use crate::lists::NewListEntry;
use crate::open::Store;
use crate::padded;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "entry, reason, class, note, evidence, message_id, inbox, created_at";

/// A day, in which an address is counted once however often it fails.
const DAY: Duration = Duration::from_secs(86_400);

/// Failures that lie further apart than this have nothing to do with one another.
const MEMORY: Duration = Duration::from_secs(30 * 86_400);

/// Why nobody writes to an address any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionReason {
    /// Its server said that it is dead.
    Bounce,
    /// It failed on too many days.
    SoftBounces,
    /// Its owner complained.
    Complaint,
    /// Its owner unsubscribed.
    Unsubscribe,
    /// Somebody of the organisation put it there.
    Manual,
}

impl SuppressionReason {
    const ALL: [Self; 5] = [
        Self::Bounce,
        Self::SoftBounces,
        Self::Complaint,
        Self::Unsubscribe,
        Self::Manual,
    ];

    /// The name in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::SoftBounces => "soft_bounces",
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::Manual => "manual",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// An address or a domain that is not written to.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// Which.
    pub entry: Entry,
    /// Why.
    pub reason: SuppressionReason,
    /// The class of the failure, when it was one.
    pub class: Option<String>,
    /// The words of whoever put it there.
    pub note: Option<String>,
    /// What the other side said.
    pub evidence: Option<String>,
    /// The message it was about, by its public id.
    pub message_id: Option<String>,
    /// The inbox that had sent it, by its address.
    pub inbox: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> DbResult<Suppression> {
    Ok(Suppression {
        entry: Entry::from_stored(row.get(0)?),
        reason: SuppressionReason::parse(row.text(1)?).ok_or_else(|| DbError::shape(1))?,
        class: row.get(2)?,
        note: row.get(3)?,
        evidence: row.get(4)?,
        message_id: row.get(5)?,
        inbox: row.get(6)?,
        created_at: row.get(7)?,
    })
}

impl View<'_> {
    /// A page of what is suppressed, in alphabetical order, beginning after `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn suppressions(&mut self, after: &str, limit: usize) -> Result<Vec<Suppression>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from suppression where {{scope:org}} and entry > $1 order by entry limit $2"
        );
        Ok(self.all(&sql, args![after, limit], read)?)
    }

    /// What is known of a suppressed address or domain.
    ///
    /// # Errors
    /// `not_found`.
    pub fn suppression(&mut self, entry: &Entry) -> Result<Suppression> {
        let sql = format!("select {COLUMNS} from suppression where {{scope:org}} and entry = $1");
        let found = self.first(&sql, args![entry.as_str()], read)?;
        found.ok_or_else(|| Error::not_found("Suppression"))
    }

    /// Those of these addresses, in the form of `Address::key`, that are suppressed themselves.
    ///
    /// # Errors
    /// When the store fails.
    pub fn suppressed_among(&mut self, addresses: &[String]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for some in addresses.chunks(padded::SIZE) {
            let marks = padded::marks(1);
            let sql =
                format!("select entry from suppression where {{scope:org}} and entry in ({marks})");
            let values: Vec<_> = (0..padded::SIZE)
                .filter_map(|n| some.get(n.min(some.len() - 1)))
                .map(crate::db::Value::from)
                .collect();
            found.extend(self.all(&sql, &values, |row| row.get::<String>(0))?);
        }
        Ok(found)
    }
}

impl Txn<'_> {
    /// Suppresses an address or a domain for the whole organisation, and puts it on the list of
    /// what must not be sent to. Whether it is new; what was known before stays as it is.
    ///
    /// # Errors
    /// When the access reaches less than the organisation, or the store fails.
    pub fn suppress(&mut self, new: &Suppression) -> Result<bool> {
        if *self.access.scope() != model::api_key::Scope::Org {
            return Err(Error::internal("suppressions belong to an organisation"));
        }
        let (org_id, now) = (self.access.org_id(), self.now);
        let own = match self.list_entry(Direction::Send, ListType::Block, &new.entry) {
            Ok(entry) => !entry.read_only,
            Err(error) if error.code() == Code::NotFound => false,
            Err(error) => return Err(error),
        };
        let made = self.exec(
            "insert into suppression (org_id, entry, reason, class, note, evidence, message_id, inbox, \
             own_block, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing \
             -- unscoped: the row names its organisation",
            args![
                org_id,
                new.entry.as_str(),
                new.reason.name(),
                new.class.as_deref(),
                new.note.as_deref(),
                new.evidence.as_deref(),
                new.message_id.as_deref(),
                new.inbox.as_deref(),
                own,
                now,
            ],
        )?;
        if made == 0 {
            return Ok(false);
        }
        let why = match (&new.note, &new.class) {
            (Some(note), _) => note.clone(),
            (None, Some(class)) => format!("{}: {class}", new.reason.name()),
            (None, None) => new.reason.name().to_owned(),
        };
        self.add_list_entry(&NewListEntry {
            entry: new.entry.clone(),
            direction: Direction::Send,
            list_type: ListType::Block,
            reason: Some(why),
            read_only: true,
        })?;
        Ok(true)
    }

    /// Lets an address or a domain be written to again. An entry that the caller had put on the
    /// block list before is the caller's again.
    ///
    /// # Errors
    /// `not_found`.
    pub fn lift_suppression(&mut self, entry: &Entry) -> Result<()> {
        let own = self.first(
            "delete from suppression where {scope:org} and entry = $1 returning own_block",
            args![entry.as_str()],
            |row| row.get::<i64>(0),
        )?;
        let own = own.ok_or_else(|| Error::not_found("Suppression"))?;
        self.audit(NewAudit::new("suppression.delete", entry.as_str()));
        self.exec(
            "delete from soft_bounce where {scope:org} and address = $1",
            args![entry.as_str()],
        )?;
        self.release_list_entry(Direction::Send, ListType::Block, entry, own != 0)
    }

    /// Counts a failure that may mean that an address is dead. Gives on how many days of the last
    /// thirty there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_soft_bounce(&mut self, address: &str) -> Result<i64> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let (day, forgotten) = (now.minus(DAY), now.minus(MEMORY));
        let days = self.first(
            "insert into soft_bounce (org_id, address, days, first_at, last_at) values ($1, $2, 1, $3, $3) \
             on conflict (org_id, address) do update set \
             days = case when soft_bounce.first_at < $5 then 1 \
                    when soft_bounce.last_at > $4 then soft_bounce.days else soft_bounce.days + 1 end, \
             first_at = case when soft_bounce.first_at < $5 then $3 else soft_bounce.first_at end, \
             last_at = case when soft_bounce.last_at > $4 and soft_bounce.first_at >= $5 \
                       then soft_bounce.last_at else $3 end \
             returning days -- unscoped: the row names its organisation",
            args![org_id, address, now, day, forgotten],
            |row| row.get::<i64>(0),
        )?;
        Ok(days.unwrap_or(1))
    }
}

impl Store {
    /// Forgets up to `limit` counts of failures that are too old to matter; how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_soft_bounces(&self, limit: i64) -> Result<u64> {
        let end = self.now().minus(MEMORY);
        let forget = move |conn: &mut dyn Conn| {
            let sql = conn.dialect().plain(
                "delete from soft_bounce where (org_id, address) in (select org_id, address from soft_bounce \
                 where last_at < $1 order by last_at limit $2) \
                 -- unscoped: the sweeper serves every organisation",
            );
            Ok((conn.exec(&sql, args![end, limit])?, Wake::default()))
        };
        self.run(forget, Running::write).await
    }
}

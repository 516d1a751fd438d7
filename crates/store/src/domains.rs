//! Mail domains: the shared one of the operator and those of tenants.

use mail::Timestamp;
use model::domain::{Check, Domain, DomainName, MtaSts, Switches, VerificationStatus};
use model::{Code, DomainKey, Error, InboxId, InboxKey, OrgId, PodId, Result};

use crate::audit::NewAudit;
use crate::db::{Conn, DbError, DbResult, Row, Value, args};
use crate::inboxes::Route;
use crate::messages::Position;
use crate::signing::NewSigningKey;
use crate::txn::Txn;
use crate::view::{View, from_json, to_json};

const COLUMNS: &str = "d.domain_key, d.org_id, d.pod_id, d.domain, d.client_id, d.feedback, d.inbound, \
                       d.subdomains, d.tracking, d.status, d.reason, d.mta_sts, d.checks, d.checked_at, \
                       d.check_until, d.started_at, d.verified_at, d.usable_at, d.created_at, d.updated_at, \
                       (select i.address from inbox i where i.inbox_id = d.catch_all)";

/// How many names a domain can be covered by: itself and those above it.
const DEPTH: usize = 6;

/// A domain to be added.
#[derive(Clone)]
pub struct NewDomain {
    /// Its row.
    pub key: DomainKey,
    /// The pod it belongs to, or the whole organisation.
    pub pod_id: Option<PodId>,
    /// Its name.
    pub domain: DomainName,
    /// The caller's own id for it.
    pub client_id: Option<String>,
    /// What is switched on.
    pub switches: Switches,
    /// Its signing keys.
    pub keys: Vec<NewSigningKey>,
    /// What others do when a connection does not fit its policy.
    pub mta_sts: Option<MtaSts>,
    /// The inbox that gets the mail of addresses nobody has.
    pub catch_all: Option<InboxKey>,
    /// Whether inboxes may be opened before it is verified.
    pub usable: bool,
}

/// What its owner changes about a domain.
#[derive(Clone, Debug)]
pub struct DomainChange {
    /// What is switched on from now on.
    pub switches: Switches,
    /// What others do when a connection does not fit its policy.
    pub mta_sts: Option<MtaSts>,
    /// Another inbox for the mail of addresses nobody has, or none; `None` leaves it.
    pub catch_all: Option<Option<InboxKey>>,
    /// How far the domain has come with that.
    pub status: VerificationStatus,
    /// Why it is not verified.
    pub reason: Option<String>,
}

/// What became of a [`NewDomain`].
#[derive(Clone, Debug)]
pub enum NewDomainOutcome {
    /// It was added.
    Made(Box<Domain>),
    /// The caller added it before, under the same `client_id`.
    Known(Box<Domain>),
    /// The organisation has it already.
    Exists,
    /// Somebody else has it.
    Taken,
}

/// Whether inboxes may be opened under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Open,
    /// No domain of the caller covers it.
    Unknown,
    /// The domain was never verified.
    Unverified,
    /// It lies below a domain that is not open for subdomains.
    NoSubdomains,
}

/// What a look at a domain's records brought.
#[derive(Clone, Debug)]
pub struct Checked {
    /// How far the domain has come.
    pub status: VerificationStatus,
    /// Why it is not verified.
    pub reason: Option<String>,
    /// Every record.
    pub checks: Vec<Check>,
}

fn read(row: &Row<'_>) -> DbResult<Domain> {
    let switch = |index| Ok::<bool, DbError>(row.get::<i64>(index)? != 0);
    let mta_sts: Option<String> = row.get(11)?;
    let checks: Option<String> = row.get(12)?;
    let check_until: Option<Timestamp> = row.get(14)?;
    let catch_all: Option<String> = row.get(20)?;
    Ok(Domain {
        key: row.get(0)?,
        org_id: row.get(1)?,
        pod_id: row.get(2)?,
        domain: DomainName::from_stored(row.get(3)?),
        client_id: row.get(4)?,
        switches: Switches {
            feedback: switch(5)?,
            inbound: switch(6)?,
            subdomains: switch(7)?,
            tracking: switch(8)?,
        },
        status: VerificationStatus::parse(row.text(9)?).ok_or_else(|| DbError::shape(9))?,
        reason: row.get(10)?,
        keys: Vec::new(),
        mta_sts: mta_sts.as_deref().and_then(MtaSts::parse),
        catch_all: catch_all.as_deref().and_then(InboxId::parse),
        checks: match checks {
            Some(text) => from_json(&text, 12)?,
            None => Vec::new(),
        },
        checked_at: row.get(13)?,
        check_until: check_until.unwrap_or_default(),
        started_at: row.get(15)?,
        verified_at: row.get(16)?,
        usable_at: row.get(17)?,
        created_at: row.get(18)?,
        updated_at: row.get(19)?,
    })
}

impl View<'_> {
    /// A domain of the caller's own.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn domain(&mut self, domain: &DomainName) -> Result<Domain> {
        let sql = format!("select {COLUMNS} from domain d where {{scope:pod d}} and d.domain = $1");
        let found = self.first(&sql, args![domain.as_str()], read)?;
        self.with_keys(found)
    }

    fn with_keys(&mut self, found: Option<Domain>) -> Result<Domain> {
        let mut domain = found.ok_or_else(|| Error::not_found("Domain"))?;
        domain.keys = self.signing_keys(domain.domain.as_str())?;
        Ok(domain)
    }

    /// A page of domains by age, newest first unless `ascending`, beginning after `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn domains(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Domain>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        let sql = format!(
            "select {COLUMNS} from domain d where {{scope:pod d}} \
             and (d.created_at, d.domain_key) {side} ($1, $2) \
             order by d.created_at {order}, d.domain_key {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![from.at, from.key.as_slice(), limit], read)?)
    }

    /// The domain that the caller added under this id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn domain_of_client(&mut self, client_id: &str) -> Result<Option<Domain>> {
        let sql =
            format!("select {COLUMNS} from domain d where {{scope:pod d}} and d.client_id = $1");
        match self.first(&sql, args![client_id], read)? {
            Some(found) => self.with_keys(Some(found)).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a domain is free, and if not whether the caller's organisation has it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn domain_taken(&mut self, domain: &DomainName) -> Result<Option<NewDomainOutcome>> {
        let own = self.access.org_id();
        let owner = self.first(
            "select org_id from domain where domain = $1 -- unscoped: a name has one owner on the server",
            args![domain.as_str()],
            |row| row.get::<Option<OrgId>>(0),
        )?;
        Ok(owner.map(|owner| {
            if owner == Some(own) {
                NewDomainOutcome::Exists
            } else {
                NewDomainOutcome::Taken
            }
        }))
    }

    /// Whether an inbox of `pod` may be opened under `domain`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn standing(&mut self, domain: &str, pod: PodId) -> Result<Standing> {
        let own = self.access.org_id();
        let mut rows = self.all(COVERING, &names(domain), Cover::read)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.domain.len()));
        let reached = |row: &&Cover| row.is_for(own, pod);
        // A usable domain of somebody else takes the mail of all names below it that it covers.
        if Cover::of(&rows, domain).is_some_and(|row| !row.is_for(own, pod)) {
            return Ok(Standing::Unknown);
        }
        if let Some(exact) = rows.iter().filter(reached).find(|row| row.domain == domain) {
            return Ok(exact.standing());
        }
        let above = rows.iter().filter(reached).find(|row| row.org_id.is_some());
        Ok(match above {
            None => Standing::Unknown,
            Some(row) if !row.subdomains => Standing::NoSubdomains,
            Some(row) => row.standing(),
        })
    }

    /// Lets mail of an inbox leave where its domain, or one that covers it, is there and is the
    /// inbox's to use.
    ///
    /// # Errors
    /// `domain_not_verified` where it is not.
    pub fn may_send_from(&mut self, inbox: &Route) -> Result<()> {
        let domain = domain_of(&inbox.inbox_id);
        let rows = self.all(COVERING, &names(domain), Cover::read)?;
        let cover = Cover::of(&rows, domain);
        if cover.is_some_and(|row| row.is_for(inbox.org_id, inbox.pod_id)) {
            return Ok(());
        }
        let detail = format!("The domain {domain} is not verified");
        Err(Error::new(Code::DomainNotVerified, detail)
            .fix("Add the domain, set its records and verify it; then send again."))
    }
}

impl Txn<'_> {
    /// Adds the domain that every organisation of this server may use.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_shared_domain(&mut self, domain: &str) -> Result<()> {
        let now = self.now;
        self.exec(
            "insert into domain (domain, created_at, updated_at) values ($1, $2, $2) \
             on conflict (domain) do nothing -- unscoped: belongs to the operator",
            args![domain, now],
        )?;
        Ok(())
    }

    /// Adds a domain, once for each `client_id` and once for each name on the whole server.
    ///
    /// # Errors
    /// `conflict` when the `client_id` belongs to a domain out of this caller's reach.
    pub fn create_domain(&mut self, new: &NewDomain) -> Result<NewDomainOutcome> {
        if let Some(pod) = new.pod_id {
            self.hold_pod(pod)?;
        }
        let (org_id, now) = (self.access.org_id(), self.now);
        let switches = new.switches;
        let made = self.exec(
            "insert into domain (domain, org_id, pod_id, domain_key, client_id, feedback, inbound, subdomains, \
             tracking, status, mta_sts, catch_all, usable_at, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) \
             on conflict do nothing -- unscoped: the row names its organisation",
            args![
                new.domain.as_str(),
                org_id,
                new.pod_id,
                new.key,
                new.client_id.as_deref(),
                switches.feedback,
                switches.inbound,
                switches.subdomains,
                switches.tracking,
                VerificationStatus::NotStarted.name(),
                new.mta_sts.map(MtaSts::name),
                new.catch_all,
                new.usable.then_some(now),
                now,
            ],
        )?;
        if made > 0 {
            self.routes = true;
            self.add_signing_keys(new.domain.as_str(), new.pod_id, &new.keys)?;
            let domain = self.domain(&new.domain)?;
            let audit = NewAudit::new("domain.create", new.domain.as_str());
            self.audit(audit.after(&told(&domain)));
            return Ok(NewDomainOutcome::Made(Box::new(domain)));
        }
        if let Some(client_id) = &new.client_id
            && let Some(known) = self.domain_of_client(client_id)?
        {
            return Ok(NewDomainOutcome::Known(Box::new(known)));
        }
        if let Some(taken) = self.domain_taken(&new.domain)? {
            return Ok(taken);
        }
        Err(Error::new(
            Code::Conflict,
            "This client_id belongs to another domain of the organization",
        )
        .fix("Choose another client_id, or use a key that reaches that domain."))
    }

    /// Holds the row of a domain until the commit and gives its newest state.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn lock_domain(&mut self, domain: &DomainName) -> Result<Domain> {
        let sql = format!(
            "select {COLUMNS} from domain d where {{scope:pod d}} and d.domain = $1 {{lock}}"
        );
        let found = self.first(&sql, args![domain.as_str()], read)?;
        self.with_keys(found)
    }

    /// Changes what is switched on. A record that is asked for anew puts a verified domain back
    /// among those that wait, without stopping its mail.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn change_domain(&mut self, domain: &Domain, change: &DomainChange) -> Result<Domain> {
        let (now, switches) = (self.now, change.switches);
        self.exec(
            "update domain set feedback = $2, inbound = $3, subdomains = $4, tracking = $5, status = $6, \
             reason = $7, mta_sts = $8, updated_at = $9 where {scope:pod} and domain_key = $1",
            args![
                domain.key,
                switches.feedback,
                switches.inbound,
                switches.subdomains,
                switches.tracking,
                change.status.name(),
                change.reason.as_deref(),
                change.mta_sts.map(MtaSts::name),
                now,
            ],
        )?;
        if let Some(inbox) = change.catch_all {
            self.exec(
                "update domain set catch_all = $2 where {scope:pod} and domain_key = $1",
                args![domain.key, inbox],
            )?;
        }
        self.routes = true;
        let changed = self.domain(&domain.domain)?;
        let audit = NewAudit::new("domain.update", domain.domain.as_str());
        self.audit(audit.before(&told(domain)).after(&told(&changed)));
        Ok(changed)
    }

    /// Removes a domain. Its name is free at once; inboxes under it stay, but neither receive nor
    /// send.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn delete_domain(&mut self, domain: &DomainName) -> Result<Domain> {
        let found = self.lock_domain(domain)?;
        self.settle_keys(&found.keys, &[])?;
        self.audit(NewAudit::new("domain.delete", domain.as_str()).before(&told(&found)));
        self.exec(
            "delete from domain where {scope:pod} and domain_key = $1",
            args![found.key],
        )?;
        self.routes = true;
        Ok(found)
    }

    /// Notes that somebody looks at the records until `until` at the latest; with `asked`, that the
    /// owner asked for it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn begin_check(&mut self, domain: &Domain, until: Timestamp, asked: bool) -> Result<()> {
        let now = self.now;
        let started = if asked { Some(now) } else { domain.started_at };
        self.exec(
            "update domain set check_until = $2, checked_at = $3, started_at = $4 \
             where {scope:pod} and domain_key = $1",
            args![domain.key, until, now, started],
        )?;
        Ok(())
    }

    /// Keeps what a look at the records brought. The first time all are right opens the domain for
    /// inboxes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_check(&mut self, domain: &Domain, checked: &Checked) -> Result<Domain> {
        let now = self.now;
        let verified = checked.status == VerificationStatus::Verified;
        let since = |at: Option<Timestamp>| at.or(verified.then_some(now));
        let updated = if checked.status == domain.status {
            domain.updated_at
        } else {
            now
        };
        self.exec(
            "update domain set status = $2, reason = $3, checks = $4, checked_at = $5, check_until = null, \
             verified_at = $6, usable_at = $7, updated_at = $8 where {scope:pod} and domain_key = $1",
            args![
                domain.key,
                checked.status.name(),
                checked.reason.as_deref(),
                to_json(&checked.checks)?,
                now,
                since(domain.verified_at),
                since(domain.usable_at),
                updated,
            ],
        )?;
        self.routes |= domain.usable_at.is_none() && verified;
        self.domain(&domain.domain)
    }
}

/// The domain of an inbox's address.
pub(crate) fn domain_of(inbox: &InboxId) -> &str {
    let parts = inbox.as_str().rsplit_once('@');
    parts.map_or("", |(_, domain)| domain)
}

/// The domains among a name and those above it.
pub(crate) const COVERING: &str = "select domain, org_id, pod_id, inbound, subdomains, usable_at, catch_all from domain \
                        where domain in ($1, $2, $3, $4, $5, $6) \
                        -- unscoped: a name has one owner on the server, and mail is routed by it";

/// A domain as routing sees it.
pub(crate) struct Cover {
    pub(crate) domain: String,
    org_id: Option<OrgId>,
    pod_id: Option<PodId>,
    inbound: bool,
    subdomains: bool,
    usable: bool,
    catch_all: Option<InboxKey>,
}

impl Cover {
    pub(crate) fn read(row: &Row<'_>) -> DbResult<Self> {
        let org_id: Option<OrgId> = row.get(1)?;
        let shared = org_id.is_none();
        let switch = |index| Ok::<_, DbError>(row.get::<Option<i64>>(index)?.unwrap_or(0) != 0);
        let usable: Option<i64> = row.get(5)?;
        Ok(Self {
            domain: row.get(0)?,
            org_id,
            pod_id: row.get(2)?,
            inbound: shared || switch(3)?,
            subdomains: switch(4)?,
            usable: shared || usable.is_some(),
            catch_all: row.get(6)?,
        })
    }

    /// The domain that decides over mail for `name`: the longest one that may be used.
    pub(crate) fn of<'a>(rows: &'a [Self], name: &str) -> Option<&'a Self> {
        let covers = |row: &&Self| row.usable && (row.subdomains || row.domain == name);
        rows.iter()
            .filter(covers)
            .max_by_key(|row| row.domain.len())
    }

    /// Whether inboxes of this pod may use it.
    pub(crate) fn is_for(&self, org: OrgId, pod: PodId) -> bool {
        let everybody = self.org_id.is_none();
        everybody || (self.org_id == Some(org) && self.pod_id.is_none_or(|own| own == pod))
    }

    fn standing(&self) -> Standing {
        if self.usable {
            Standing::Open
        } else {
            Standing::Unverified
        }
    }
}

/// The values of [`COVERING`]: a name and those above it, the last one repeated.
pub(crate) fn names(domain: &str) -> [Value<'_>; DEPTH] {
    let mut rest = domain;
    let mut first = true;
    std::array::from_fn(|_| {
        if first {
            first = false;
        } else if let Some((_, above)) = rest.split_once('.')
            && above.contains('.')
        {
            rest = above;
        }
        Value::from(rest)
    })
}

fn cover(conn: &mut dyn Conn, domain: &str) -> Result<Vec<Cover>> {
    let sql = conn.dialect().plain(COVERING);
    let mut rows = Vec::new();
    conn.query(&sql, &names(domain), &mut |row| {
        rows.push(Cover::read(row)?);
        Ok(())
    })?;
    Ok(rows)
}

/// Whether mail for any address of `domain` is this server's business.
pub(crate) fn is_ours(conn: &mut dyn Conn, domain: &str) -> Result<bool> {
    let rows = cover(conn, domain)?;
    Ok(Cover::of(&rows, domain).is_some_and(|row| row.inbound))
}

/// Whether an inbox of this pod receives at `domain`.
pub(crate) fn receives(conn: &mut dyn Conn, domain: &str, org: OrgId, pod: PodId) -> Result<bool> {
    let rows = cover(conn, domain)?;
    Ok(Cover::of(&rows, domain).is_some_and(|row| row.inbound && row.is_for(org, pod)))
}

/// The inbox that gets the mail of every address under `domain` that nobody has.
pub(crate) fn catch_all(conn: &mut dyn Conn, domain: &str) -> Result<Option<Route>> {
    let rows = cover(conn, domain)?;
    let Some(cover) = Cover::of(&rows, domain).filter(|row| row.inbound) else {
        return Ok(None);
    };
    let (Some(inbox), Some(org)) = (cover.catch_all, cover.org_id) else {
        return Ok(None);
    };
    let sql = conn.dialect().plain(
        "select org_id, pod_id, inbox_id, address from inbox where inbox_id = $1 and org_id = $2 \
         -- unscoped: routing of mail",
    );
    let mut found = None;
    conn.query(&sql, args![inbox, org], &mut |row| {
        found = Some(Route {
            org_id: row.get(0)?,
            pod_id: row.get(1)?,
            inbox_key: row.get(2)?,
            inbox_id: row.get(3)?,
        });
        Ok(())
    })?;
    Ok(found.filter(|route: &Route| cover.is_for(route.org_id, route.pod_id)))
}

/// A domain as the audit log has it.
fn told(domain: &Domain) -> serde_json::Value {
    serde_json::json!({
        "pod_id": domain.pod_id.map(|pod| pod.to_string()),
        "feedback": domain.switches.feedback,
        "inbound": domain.switches.inbound,
        "subdomains": domain.switches.subdomains,
        "mta_sts": domain.mta_sts.map(MtaSts::name),
    })
}

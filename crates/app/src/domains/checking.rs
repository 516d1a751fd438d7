//! Looking at the records of a domain in the DNS, and what follows from them.
//!
//! A look takes no transaction: it is noted, made, and its outcome is judged against the domain as
//! it is then. Whoever is cut off leaves a job behind that looks again.

use std::time::Duration;

use futures_util::future::join_all;
use mail::Timestamp;
use model::domain::{
    self, Check, Domain, DomainName, Expected, Found, LOOKUP_FAILED, Purpose, RecordKind,
    RecordStatus, Server, SigningKey, Stage, VerificationStatus, keys,
};
use model::{Code, Error, EventKind, Hidden, Kind, OrgId, Result, SigningKeyId, perm};
use store::{Checked, ClaimedJob, Finish, Grant, NewEvent, NewJob, Reason, Txn};
use sys::{Resolver, Unanswered};

use crate::jobs::check_domain::CheckDomain;
use crate::{App, Mode, jobs};

/// How long a look may take when somebody asked for it, and when it only makes an answer newer.
const THOROUGH: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_secs(3);

/// A look that has not ended after this long never will.
const GIVEN_UP: Duration = Duration::from_secs(30);

/// Records that were looked at so lately are not looked at again to show them.
const FRESH: Duration = Duration::from_secs(5);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the looks at records brought; `None` for one that got no answer.
pub(super) type Looks = Vec<(Expected, Option<Check>)>;

/// The state a domain is in, and when its records are looked at again.
struct Judged {
    keys: Vec<SigningKey>,
    checked: Checked,
    next: Option<Timestamp>,
}

impl App {
    /// Looks at a domain's records now because its owner asks for it.
    pub(crate) async fn start_check(
        &self,
        grant: &Grant<perm::DomainUpdate>,
        name: &DomainName,
    ) -> Result<()> {
        let (name, now) = (name.clone(), self.now());
        let until = now.plus(GIVEN_UP);
        let job_id = self.env().ids.ordered(now);
        let domain = self.store().write(grant, move |txn| {
            let domain = txn.lock_domain(&name)?;
            if domain.check_until > now {
                return Err(Error::new(
                    Code::Conflict,
                    "The records of this domain are being looked at",
                )
                .fix("Wait a few seconds, then read the domain."));
            }
            txn.begin_check(&domain, until, true)?;
            // If this server is stopped meanwhile, another look is made then.
            txn.enqueue(&recheck(job_id, &domain, until)?)?;
            txn.domain(&name)
        });
        let domain = domain.await?;
        let looks = self.look(&domain, THOROUGH).await;
        self.conclude(&domain, looks, None).await
    }

    /// Makes what is known of a domain's records newer, unless that was done just now.
    pub(crate) async fn glance(&self, domain: &Domain) -> Result<()> {
        let now = self.now();
        // On a laptop nothing is asked before somebody wants a verification.
        let may_ask = self.settings().mode == Mode::Public || domain.started_at.is_some();
        let is_fresh = move |domain: &Domain| {
            let at = domain.checked_at;
            domain.check_until > now || at.is_some_and(|at| now.since(at) < FRESH && at <= now)
        };
        if !may_ask || is_fresh(domain) {
            return Ok(());
        }
        let (name, grant) = (domain.domain.clone(), self.checker(domain.org_id)?);
        let mine = self.store().write(&grant, move |txn| {
            let domain = txn.lock_domain(&name)?;
            if is_fresh(&domain) {
                return Ok(false);
            }
            let open = domain.check_until;
            txn.begin_check(&domain, open, false)?;
            Ok(true)
        });
        if !mine.await? {
            return Ok(());
        }
        let looks = self.look(domain, GLANCE).await;
        if looks.iter().all(|(_, look)| look.is_none()) {
            return Ok(());
        }
        self.conclude(domain, looks, None).await
    }

    /// Looks at a domain's records for a job, which ends in the transaction that keeps the outcome.
    pub(crate) async fn recheck(&self, job: &ClaimedJob, name: &DomainName) -> Result<()> {
        let (grant, wanted) = (self.checker(job.org_id)?, name.clone());
        let found = self
            .store()
            .read(&grant, move |view| view.domain(&wanted))
            .await;
        match found {
            Ok(domain) => {
                let looks = self.look(&domain, THOROUGH).await;
                self.conclude(&domain, looks, Some(job.clone())).await
            }
            // Its owner has removed it.
            Err(error) if error.kind() == Kind::NotFound => {
                jobs::finish(self, job, Finish::Done).await
            }
            Err(error) => Err(error),
        }
    }

    async fn look(&self, domain: &Domain, limit: Duration) -> Looks {
        let wanted = domain::expected(&domain.subject(), &self.server());
        self.look_at(wanted, limit).await
    }

    /// Asks the DNS for every record at once.
    pub(super) async fn look_at(&self, wanted: Vec<Expected>, limit: Duration) -> Looks {
        let clock = &*self.env().clock;
        let until = self.now().plus(limit);
        let asked = wanted.into_iter().map(|record| async move {
            let answer =
                sys::timeout_at(clock, until, look_up(&self.env().resolver, &record)).await;
            let look = match answer {
                Ok(Ok(check)) => Some(check),
                Ok(Err(error)) => {
                    tracing::info!(host = record.host, %error, "a record could not be looked up");
                    None
                }
                Err(_) => None,
            };
            (record, look)
        });
        join_all(asked).await
    }

    /// Keeps the outcome of a look, tells of a domain that is verified for the first time, and
    /// plans the next look.
    async fn conclude(
        &self,
        looked_at: &Domain,
        looks: Looks,
        job: Option<ClaimedJob>,
    ) -> Result<()> {
        let grant = self.checker(looked_at.org_id)?;
        let (name, key, now) = (looked_at.domain.clone(), looked_at.key, self.now());
        let app = self.clone();
        let ids = &self.env().ids;
        let (job_id, random) = (ids.ordered(now), ids.random().as_u128());
        self.store()
            .write(&grant, move |txn| {
                let domain = match txn.lock_domain(&name) {
                    Ok(domain) if domain.key == key => domain,
                    // Removed meanwhile, or removed and added again.
                    Ok(_) => return done(txn, job.as_ref()),
                    Err(error) if error.kind() == Kind::NotFound => return done(txn, job.as_ref()),
                    Err(error) => return Err(error),
                };
                let judged = judge(&domain, &app.server(), &looks, now);
                let first = domain.verified_at.is_none();
                txn.settle_keys(&domain.keys, &judged.keys)?;
                let kept = txn.end_check(&domain, &judged.checked)?;
                if first && kept.verified_at.is_some() {
                    let shown = app.render_domain(&kept);
                    let shown = serde_json::to_string(&shown).map_err(Error::internal)?;
                    txn.emit(NewEvent {
                        kind: EventKind::DomainVerified,
                        pod_id: kept.pod_id,
                        inbox_key: None,
                        message_key: None,
                        hidden: Hidden::NONE,
                        payload: format!("\"domain\":{shown}"),
                        tail: None,
                        random,
                    });
                }
                if let Some(job) = app.policy_job(&kept, now)? {
                    txn.enqueue(&job)?;
                }
                if let Some(at) = judged.next {
                    // Added anew, also by the job itself: its tries are counted from one again.
                    txn.enqueue(&recheck(job_id, &kept, at)?)?;
                }
                done(txn, job.as_ref())
            })
            .await
    }

    fn checker(&self, org: OrgId) -> Result<Grant<perm::Authenticated>> {
        self.store().system(org, Reason::Operation).grant()
    }
}

/// Asks the DNS for one record of a domain and judges what is there.
///
/// # Errors
/// When the DNS gives no answer.
pub async fn look_up(resolver: &Resolver, record: &Expected) -> Result<Check, Unanswered> {
    let found = records_at(resolver, record, &record.host).await?;
    let check = record.judge(&found);
    if check.status != RecordStatus::Missing {
        return Ok(check);
    }
    let doubled = records_at(resolver, record, &record.doubled()).await;
    let is_there = doubled.is_ok_and(|found| record.judge(&found).status == RecordStatus::Valid);
    Ok(if is_there {
        record.judge_doubled()
    } else {
        check
    })
}

async fn records_at(
    resolver: &Resolver,
    record: &Expected,
    host: &str,
) -> Result<Found, Unanswered> {
    Ok(match record.kind {
        RecordKind::Txt => Found::Texts(resolver.txt(host).await?.records()),
        RecordKind::Cname => {
            let aliases = resolver.cname(host).await?.records();
            // The policy host may just as well have this server's own addresses.
            if aliases.is_empty() && record.purpose == Purpose::MtaStsHost {
                let all = resolver.addresses(host).await?.records();
                let ours = resolver.addresses(&record.value).await?.records();
                Found::Addresses {
                    right: all.iter().any(|address| ours.contains(address)),
                    all: all.iter().map(ToString::to_string).collect(),
                }
            } else {
                Found::Aliases(aliases)
            }
        }
        RecordKind::Mx => {
            let all = resolver.mx(host).await?.records();
            Found::Exchangers(all.into_iter().map(|mx| (mx.preference, mx.host)).collect())
        }
    })
}

fn done(txn: &mut Txn<'_>, job: Option<&ClaimedJob>) -> Result<()> {
    match job {
        Some(job) => txn.finish_job(job, &Finish::Done),
        None => Ok(()),
    }
}

/// The job that looks at the records of `domain` at `at`, in place of one that was planned before.
pub(crate) fn recheck(job_id: uuid::Uuid, domain: &Domain, at: Timestamp) -> Result<NewJob> {
    let job = CheckDomain {
        domain: domain.domain.to_string(),
    };
    Ok(NewJob {
        job_id,
        kind: CheckDomain::KIND,
        key: Some(domain.domain.to_string()),
        run_at: at,
        payload: jobs::payload(&job)?,
    })
}

/// The keys whose records were seen to be right.
pub(super) fn seen(looks: &Looks) -> Vec<SigningKeyId> {
    let valid = looks.iter().filter(|(_, look)| {
        let status = look.as_ref().map(|check| check.status);
        status == Some(RecordStatus::Valid)
    });
    valid
        .filter_map(|(record, _)| record.key.as_ref().map(|key| key.key_id))
        .collect()
}

/// What is known of the records in `wanted` after looks; a record that was not looked at, or got no
/// answer, is what it was `before`.
pub(super) fn checks_after(wanted: &[Expected], looks: &Looks, before: &[Check]) -> Vec<Check> {
    let known = |record: &Expected| before.iter().find(|check| record.is_of(check)).cloned();
    wanted
        .iter()
        .filter_map(|record| {
            // What was looked for may not be what is wanted now.
            let look = looks
                .iter()
                .find(|(looked_for, _)| looked_for.is_same(record));
            match look {
                Some((_, Some(check))) => Some(check.clone()),
                // A name server that is down does not take a record back.
                Some((_, None)) => Some(known(record).unwrap_or_else(|| unanswered(record))),
                None => known(record),
            }
        })
        .collect()
}

fn unanswered(record: &Expected) -> Check {
    Check {
        purpose: record.purpose,
        host: record.host.clone(),
        status: RecordStatus::Missing,
        reason: Some(LOOKUP_FAILED.to_owned()),
        found: Vec::new(),
    }
}

fn judge(domain: &Domain, server: &Server<'_>, looks: &Looks, now: Timestamp) -> Judged {
    let keys = keys::advance(&domain.keys, &seen(looks), now);
    let subject = domain::Subject {
        keys: &keys,
        ..domain.subject()
    };
    let wanted = domain::expected(&subject, server);
    let checks = checks_after(&wanted, looks, &domain.checks);
    let (status, reason) = domain::verdict(&wanted, &checks);
    let checked = Checked {
        status,
        reason: reason.map(str::to_owned),
        checks,
    };
    let Some(started) = domain.started_at else {
        let checked = Checked {
            status: domain.status,
            reason: domain.reason.clone(),
            ..checked
        };
        return Judged {
            keys,
            checked,
            next: None,
        };
    };
    let pause = pause(domain.verified_at.is_some(), status, &keys, started, now);
    let status = match pause {
        None => VerificationStatus::Failed,
        Some(_) => status,
    };
    Judged {
        keys,
        checked: Checked { status, ..checked },
        next: pause.map(|pause| now.plus(pause)),
    }
}

/// Every five minutes in the first day after somebody asked, every hour in the first two weeks,
/// then no more. A domain that was verified is looked at daily, and hourly while it is broken or
/// a new key, for as long as that, waits for its record.
fn pause(
    was_verified: bool,
    status: VerificationStatus,
    keys: &[SigningKey],
    started: Timestamp,
    now: Timestamp,
) -> Option<Duration> {
    let waited = now.since(started);
    let newest = keys
        .iter()
        .filter(|key| key.stage() == Stage::Waiting)
        .map(|key| now.since(key.created_at))
        .min();
    if status == VerificationStatus::Verified {
        let soon = newest.is_some_and(|age| age < 14 * DAY);
        Some(if soon { HOUR } else { DAY })
    } else if was_verified {
        Some(HOUR)
    } else if waited < DAY {
        Some(5 * MINUTE)
    } else if waited < 14 * DAY {
        Some(HOUR)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(started: Option<i64>, verified: bool) -> Domain {
        let at = Timestamp::from_micros;
        Domain {
            key: model::DomainKey::new(uuid::Uuid::nil()),
            org_id: OrgId::new(uuid::Uuid::nil()),
            pod_id: None,
            domain: DomainName::parse("acme.dev").unwrap(),
            client_id: None,
            switches: model::domain::Switches {
                feedback: true,
                inbound: true,
                subdomains: false,
                tracking: false,
            },
            status: VerificationStatus::NotStarted,
            reason: None,
            keys: vec![SigningKey {
                key_id: SigningKeyId::new(uuid::Uuid::nil()),
                algorithm: mail::dkim::Algorithm::Rsa,
                selector: "mr-rsa".to_owned(),
                public: "AAAA".to_owned(),
                created_at: at(0),
                seen_at: Some(at(0)),
                replaced_at: None,
            }],
            mta_sts: None,
            catch_all: None,
            checks: Vec::new(),
            checked_at: None,
            check_until: at(0),
            started_at: started.map(|days| at(days * 86_400_000_000)),
            verified_at: verified.then(|| at(0)),
            usable_at: None,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    const SERVER: Server<'_> = Server {
        hostname: "mx.mail.dev",
        web: "mx.mail.dev",
        mta_sts: domain::MtaSts::Testing,
    };

    fn looks(domain: &Domain, status: Option<RecordStatus>) -> Looks {
        let wanted = domain::expected(&domain.subject(), &SERVER).into_iter();
        let look = |record: Expected| {
            let check = status.map(|status| Check {
                purpose: record.purpose,
                host: record.host.clone(),
                status,
                reason: None,
                found: Vec::new(),
            });
            (record, check)
        };
        wanted.map(look).collect()
    }

    fn after(
        domain: &Domain,
        status: Option<RecordStatus>,
        days: u32,
    ) -> (VerificationStatus, Option<u64>) {
        let now = Timestamp::from_micros(0).plus(DAY * days);
        let judged = judge(domain, &SERVER, &looks(domain, status), now);
        let pause = judged.next.map(|at| at.since(now).as_secs());
        (judged.checked.status, pause)
    }

    #[test]
    fn looks_grow_rare_and_end_when_nothing_comes() {
        let (missing, valid) = (Some(RecordStatus::Missing), Some(RecordStatus::Valid));
        let waiting = domain(Some(0), false);
        assert_eq!(
            after(&waiting, missing, 0),
            (VerificationStatus::Pending, Some(300))
        );
        assert_eq!(
            after(&waiting, missing, 2),
            (VerificationStatus::Pending, Some(3_600))
        );
        assert_eq!(
            after(&waiting, missing, 20),
            (VerificationStatus::Failed, None)
        );
        assert_eq!(
            after(&waiting, valid, 20),
            (VerificationStatus::Verified, Some(86_400))
        );
        let broken = domain(Some(0), true);
        assert_eq!(
            after(&broken, missing, 20),
            (VerificationStatus::Pending, Some(3_600))
        );
    }

    #[test]
    fn a_domain_nobody_asked_to_verify_stays_where_it_is() {
        let fresh = domain(None, false);
        let found = after(&fresh, Some(RecordStatus::Valid), 1);
        assert_eq!(found, (VerificationStatus::NotStarted, None));
    }

    #[test]
    fn no_answer_changes_nothing_that_is_known() {
        let mut known = domain(Some(0), true);
        let valid = looks(&known, Some(RecordStatus::Valid));
        known.checks = valid.into_iter().filter_map(|(_, check)| check).collect();
        assert_eq!(after(&known, None, 1).0, VerificationStatus::Verified);
        known.checks.retain(|check| check.purpose != Purpose::Spf);
        let judged = judge(
            &known,
            &SERVER,
            &looks(&known, None),
            Timestamp::from_micros(0),
        );
        assert_eq!(judged.checked.reason.as_deref(), Some("dns_lookup_failed"));
    }
}

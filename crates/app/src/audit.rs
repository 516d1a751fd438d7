//! Reading the audit log, and checking its chain.

use data_encoding::HEXLOWER;
use model::api_key::Scope;
use model::page::Page;
use model::{Code, Error, OrgId, Result, perm};
use store::{AuditEntry, Grant, NO_HASH, Position, Reason, Store};

use crate::App;
use crate::paging::Listing;

/// Entries of one export.
const EXPORTED: usize = 10_000;

/// Entries that are checked at once.
const SLICE: usize = 1_000;

impl App {
    /// A page of the audit log of the organisation, newest first unless ascending.
    ///
    /// # Errors
    /// `forbidden` for a key of less than the organisation, `validation_error` for a bad token.
    pub async fn audit(
        &self,
        grant: &Grant<perm::AuditRead>,
        page: Page,
    ) -> Result<wire::ListAuditResponse> {
        whole(grant)?;
        let list = Listing::new(self, "audit", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            if ascending {
                view.audit_after(from.map_or(0, |from| from.at), fetch)
            } else {
                view.audit_before(from.map_or(i64::MAX, |from| from.at), fetch)
            }
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |entry| Position {
            at: entry.seq,
            key: [0; 16],
        });
        let entries = found.iter().map(shown).collect::<Result<Vec<_>>>()?;
        Ok(wire::ListAuditResponse {
            count: entries.len(),
            limit: page.limit,
            next_page_token,
            entries,
        })
    }

    /// Up to ten thousand entries after a place of the chain, as JSON lines in its order.
    ///
    /// # Errors
    /// As [`App::audit`].
    pub async fn export_audit(&self, grant: &Grant<perm::AuditRead>, after: i64) -> Result<String> {
        whole(grant)?;
        let found = self
            .store()
            .read(grant, move |view| view.audit_after(after, EXPORTED));
        let mut lines = String::new();
        for entry in found.await? {
            let line = serde_json::to_string(&shown(&entry)?).map_err(Error::internal)?;
            lines.push_str(&line);
            lines.push('\n');
        }
        Ok(lines)
    }
}

/// The log is the organisation's.
fn whole(grant: &Grant<perm::AuditRead>) -> Result<()> {
    match grant.access().scope() {
        Scope::Org => Ok(()),
        Scope::Pod(_) | Scope::Inbox(..) => Err(Error::new(Code::Forbidden, "Forbidden")
            .fix("Use a key of the organization that has audit_read.")),
    }
}

fn shown(entry: &AuditEntry) -> Result<wire::AuditEntry> {
    let state = |text: &Option<String>| {
        let state = text
            .as_deref()
            .map(serde_json::from_str::<serde_json::Value>);
        state.transpose().map_err(Error::internal)
    };
    Ok(wire::AuditEntry {
        seq: entry.seq,
        timestamp: entry.at.to_string(),
        actor: entry.actor.clone(),
        request_id: entry.request.clone(),
        scope: entry.scope.clone(),
        action: entry.action.clone(),
        target: entry.target.clone(),
        before: state(&entry.before)?,
        after: state(&entry.after)?,
        hash: HEXLOWER.encode(&entry.hash),
    })
}

/// What the check of one chain has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// The organisation.
    pub organization_id: String,
    /// Entries that were checked.
    pub entries: i64,
    /// The hash of the last one, which can be noted elsewhere: whoever has it later knows that
    /// nothing up to here was changed.
    pub head: String,
    /// What is wrong with the chain, and at which place.
    pub fault: Option<String>,
}

/// Checks the chain of every organisation. Changes nothing and locks nobody out.
///
/// # Errors
/// When the store fails.
pub async fn verify_audit(store: &Store) -> Result<Vec<AuditReport>> {
    let (mut reports, mut from) = (Vec::new(), None);
    loop {
        let slice = store.organizations(from, SLICE).await?;
        for org in &slice {
            reports.push(verify(store, org.org_id).await?);
        }
        from = slice.last().map(|org| Position {
            at: org.created_at.as_micros(),
            key: *org.org_id.as_bytes(),
        });
        if slice.len() < SLICE {
            return Ok(reports);
        }
    }
}

async fn verify(store: &Store, org_id: OrgId) -> Result<AuditReport> {
    let access = store.system(org_id, Reason::Operation);
    let grant = access.grant::<perm::AuditRead>()?;
    // What is entered meanwhile comes after this.
    let look = |view: &mut store::View<'_>| Ok((view.audit_head()?, view.now()));
    let ((end, head), _) = store.read(&grant, look).await?;
    let mut chain = Chain::new();
    while chain.fault.is_none() {
        let after = chain.seq;
        let slice = store
            .read(&grant, move |view| view.audit_after(after, SLICE))
            .await?;
        // Without an end there must not be anything.
        let slice = slice
            .iter()
            .take_while(|entry| entry.seq <= end || end == 0);
        let before = chain.seq;
        slice.for_each(|entry| chain.follow(entry));
        if chain.seq == before {
            break;
        }
    }
    Ok(AuditReport {
        organization_id: org_id.to_string(),
        entries: chain.seq,
        head: HEXLOWER.encode(&chain.hash),
        fault: chain.end(end, &head),
    })
}

/// A chain as far as it was followed.
struct Chain {
    seq: i64,
    hash: [u8; 32],
    fault: Option<String>,
}

impl Chain {
    const fn new() -> Self {
        Self {
            seq: 0,
            hash: NO_HASH,
            fault: None,
        }
    }

    /// Goes on with the entry that is next by its number.
    fn follow(&mut self, entry: &AuditEntry) {
        if self.fault.is_some() {
            return;
        }
        let next = self.seq + 1;
        if entry.seq != next {
            self.fault = Some(format!("entry {next} is gone"));
        } else if entry.hash_after(&self.hash) != entry.hash {
            self.fault = Some(format!("entry {next} was changed, or the one before it"));
        } else {
            (self.seq, self.hash) = (next, entry.hash);
        }
    }

    /// What is wrong, now that the end is reached that was noted.
    fn end(self, seq: i64, hash: &[u8; 32]) -> Option<String> {
        self.fault.or_else(|| {
            if self.seq < seq {
                let last = self.seq;
                Some(format!(
                    "the entries after {last} are gone; there were {seq}"
                ))
            } else if (self.seq, &self.hash) == (seq, hash) {
                None
            } else {
                Some("the end of the chain was changed".to_owned())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use mail::Timestamp;

    use super::*;

    fn chain(count: i64) -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for seq in 1..=count {
            let mut entry = AuditEntry {
                org_id: OrgId::from_bytes(&[1; 16]).unwrap(),
                seq,
                at: Timestamp::from_micros(seq),
                actor: "operator".to_owned(),
                request: None,
                scope: "organization".to_owned(),
                action: "pod.create".to_owned(),
                target: format!("pod {seq}"),
                before: None,
                after: None,
                hash: NO_HASH,
            };
            let before = entries.last().map_or(NO_HASH, |last| last.hash);
            entry.hash = entry.hash_after(&before);
            entries.push(entry);
        }
        entries
    }

    fn fault(entries: &[AuditEntry], seq: i64, hash: &[u8; 32]) -> Option<String> {
        let mut chain = Chain::new();
        entries.iter().for_each(|entry| chain.follow(entry));
        chain.end(seq, hash)
    }

    #[test]
    fn a_chain_shows_what_was_changed_removed_added_or_moved() {
        let whole = chain(5);
        let head = whole[4].hash;
        assert_eq!(fault(&whole, 5, &head), None);
        assert_eq!(fault(&[], 0, &NO_HASH), None);
        let tampered: [fn(&mut Vec<AuditEntry>); 9] = [
            |entries| entries[2].target.push('x'),
            |entries| entries[4].actor = "server".to_owned(),
            |entries| entries[0].hash = [9; 32],
            |entries| drop(entries.remove(2)),
            |entries| drop(entries.pop()),
            |entries| entries.clear(),
            |entries| entries.swap(1, 2),
            |entries| {
                entries.swap(1, 2);
                (entries[1].seq, entries[2].seq) = (2, 3);
            },
            |entries| {
                // Made anew from the middle on, but for the end.
                entries[3].target.push('x');
                entries[3].hash = entries[3].hash_after(&entries[2].hash);
                entries[4].hash = entries[4].hash_after(&entries[3].hash);
            },
        ];
        for (index, tamper) in tampered.into_iter().enumerate() {
            let mut entries = whole.clone();
            tamper(&mut entries);
            assert!(fault(&entries, 5, &head).is_some(), "{index}");
        }
        assert!(fault(&whole, 6, &head).is_some());
        assert!(fault(&whole, 0, &NO_HASH).is_some());
    }
}

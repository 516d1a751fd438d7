//! Domains as the API shows them.

use model::domain::{Check, Domain, Expected, RecordStatus, Server, SigningKey, expected};

/// A domain with its records.
pub(super) fn domain(domain: &Domain, server: &Server<'_>) -> wire::Domain {
    let wanted = expected(&domain.subject(), server);
    let shown = item(domain);
    wire::Domain {
        organization_id: shown.organization_id,
        pod_id: shown.pod_id,
        domain_id: shown.domain_id,
        domain: shown.domain,
        status: domain.status.name().to_owned(),
        reason: domain.reason.clone(),
        feedback_enabled: shown.feedback_enabled,
        inbound_enabled: shown.inbound_enabled,
        subdomains_enabled: shown.subdomains_enabled,
        tracking_enabled: shown.tracking_enabled,
        records: records(wanted, &domain.checks),
        catch_all_inbox_id: shown.catch_all_inbox_id,
        mta_sts_mode: shown.mta_sts_mode,
        client_id: shown.client_id,
        updated_at: shown.updated_at,
        created_at: shown.created_at,
    }
}

/// Records with what became of them at the last look.
pub(super) fn records(wanted: Vec<Expected>, checks: &[Check]) -> Vec<wire::VerificationRecord> {
    let one = |record: Expected| {
        let check = checks.iter().find(|check| record.is_of(check));
        let status = check.map_or(RecordStatus::Missing, |check| check.status);
        let found = match status {
            RecordStatus::Valid => None,
            RecordStatus::Missing | RecordStatus::Invalid => check.map(|check| check.found.clone()),
        };
        let key = record.key.as_ref();
        wire::VerificationRecord {
            kind: record.kind.name().to_owned(),
            name: record.name,
            value: record.value,
            status: status.name().to_owned(),
            priority: record.priority,
            reason: check.and_then(|check| check.reason.clone()),
            found: found.unwrap_or_default(),
            purpose: Some(record.purpose.name().to_owned()),
            recommended: record.recommended.then_some(true),
            key_stage: key.map(|key| key.stage().name().to_owned()),
            remove_after: key.and_then(SigningKey::until).map(|at| at.to_string()),
        }
    };
    wanted.into_iter().map(one).collect()
}

/// A domain in a list.
pub(super) fn item(domain: &Domain) -> wire::DomainItem {
    wire::DomainItem {
        organization_id: Some(domain.org_id.to_string()),
        pod_id: domain.pod_id.map(|pod| pod.to_string()),
        domain_id: domain.domain.to_string(),
        domain: domain.domain.to_string(),
        feedback_enabled: domain.switches.feedback,
        inbound_enabled: domain.switches.inbound,
        subdomains_enabled: domain.switches.subdomains,
        tracking_enabled: domain.switches.tracking,
        catch_all_inbox_id: domain.catch_all.as_ref().map(ToString::to_string),
        mta_sts_mode: domain.mta_sts.map(|mode| mode.name().to_owned()),
        client_id: domain.client_id.clone(),
        updated_at: domain.updated_at.to_string(),
        created_at: domain.created_at.to_string(),
    }
}

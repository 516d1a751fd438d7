//! Who the caller is, and its organisation.

use model::api_key::Scope;
use model::{Result, perm};
use store::{Access, Actor, Grant};

use crate::App;

pub(crate) async fn identity(
    app: &App,
    grant: &Grant<perm::Authenticated>,
) -> Result<wire::Identity> {
    let access = grant.access();
    let organization_id = access.org_id().to_string();
    let (scope_type, scope_id, pod_id, inbox_id) = match *access.scope() {
        Scope::Org => ("organization", organization_id.clone(), None, None),
        Scope::Pod(pod) => ("pod", pod.to_string(), Some(pod.to_string()), None),
        Scope::Inbox(pod, key) => {
            let inbox = app
                .store()
                .read(grant, move |view| view.inbox_of_key(key))
                .await?;
            let id = inbox.inbox_id.to_string();
            ("inbox", id.clone(), Some(pod.to_string()), Some(id))
        }
    };
    Ok(wire::Identity {
        scope_type: scope_type.to_owned(),
        scope_id,
        organization_id,
        pod_id,
        inbox_id,
        api_key_id: key_id(access),
    })
}

fn key_id(access: &Access) -> Option<String> {
    match access.actor() {
        Actor::Key(id) => Some(id.to_string()),
        Actor::System(_) => None,
    }
}

pub(crate) async fn organization(
    app: &App,
    grant: &Grant<perm::OrganizationRead>,
) -> Result<wire::Organization> {
    let (org, (inbox_count, domain_count)) = app
        .store()
        .read(grant, |view| Ok((view.org()?, view.org_counts()?)))
        .await?;
    Ok(wire::Organization {
        organization_id: org.org_id.to_string(),
        name: Some(org.name),
        inbox_count,
        domain_count,
        inbox_limit: None,
        domain_limit: None,
        updated_at: org.updated_at.to_string(),
        created_at: org.created_at.to_string(),
    })
}

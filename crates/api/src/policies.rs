//! Policies of the organisation, a pod, an inbox or a key. These routes are this server's own.

use model::{ApiKeyId, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::ids::At;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ORG: &str = "/v0/policy";
    const POD: &str = "/v0/pods/{pod_id}/policy";
    const INBOX: &str = "/v0/inboxes/{inbox_id}/policy";
    const KEY: &str = "/v0/api-keys/{api_key_id}/policy";
    vec![
        router::get(ORG, "policy.get", get),
        router::put(ORG, "policy.set", set),
        router::delete(ORG, "policy.delete", delete),
        router::get(POD, "pods.policy.get", get),
        router::put(POD, "pods.policy.set", set),
        router::delete(POD, "pods.policy.delete", delete),
        router::get(INBOX, "inboxes.policy.get", get),
        router::put(INBOX, "inboxes.policy.set", set),
        router::delete(INBOX, "inboxes.policy.delete", delete),
        router::get(KEY, "api_keys.policy.get", get_key),
        router::put(KEY, "api_keys.policy.set", set_key),
        router::delete(KEY, "api_keys.policy.delete", delete_key),
    ]
}

async fn get(auth: Authorized<perm::PolicyRead>) -> Outcome<wire::PolicyResponse> {
    Ok(Answer(auth.app.policy(&auth.grant).await?))
}

async fn set(
    auth: Authorized<perm::InboxUpdate>,
    Body(request): Body<wire::SetPolicyRequest>,
) -> Outcome<wire::PolicyResponse> {
    Ok(Answer(auth.app.set_policy(&auth.grant, request).await?))
}

async fn delete(auth: Authorized<perm::InboxUpdate>) -> Outcome<wire::PolicyResponse> {
    Ok(Answer(auth.app.delete_policy(&auth.grant).await?))
}

async fn get_key(
    auth: Authorized<perm::PolicyRead>,
    At(key): At<ApiKeyId>,
) -> Outcome<wire::PolicyResponse> {
    Ok(Answer(auth.app.key_policy(&auth.grant, key).await?))
}

async fn set_key(
    auth: Authorized<perm::ApiKeyUpdate>,
    At(key): At<ApiKeyId>,
    Body(request): Body<wire::SetPolicyRequest>,
) -> Outcome<wire::PolicyResponse> {
    let set = auth.app.set_key_policy(&auth.grant, key, request);
    Ok(Answer(set.await?))
}

async fn delete_key(
    auth: Authorized<perm::ApiKeyUpdate>,
    At(key): At<ApiKeyId>,
) -> Outcome<wire::PolicyResponse> {
    Ok(Answer(auth.app.delete_key_policy(&auth.grant, key).await?))
}

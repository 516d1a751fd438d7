//! API keys, of the organisation, of one pod or of one inbox: the path narrows the grant.

use model::{ApiKeyId, Error, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/api-keys";
    const ONE: &str = "/v0/api-keys/{api_key_id}";
    const POD_ALL: &str = "/v0/pods/{pod_id}/api-keys";
    const POD_ONE: &str = "/v0/pods/{pod_id}/api-keys/{api_key_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/api-keys";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/api-keys/{api_key_id}";
    vec![
        router::get(ALL, "api_keys.list", list),
        router::post(ALL, "api_keys.create", create),
        router::get(ONE, "api_keys.get", get),
        router::patch(ONE, "api_keys.update", update),
        router::delete(ONE, "api_keys.delete", delete),
        router::get(POD_ALL, "pods.api_keys.list", list),
        router::post(POD_ALL, "pods.api_keys.create", create),
        router::patch(POD_ONE, "pods.api_keys.update", update),
        router::delete(POD_ONE, "pods.api_keys.delete", delete),
        router::get(INBOX_ALL, "inboxes.api_keys.list", list),
        router::post(INBOX_ALL, "inboxes.api_keys.create", create),
        router::patch(INBOX_ONE, "inboxes.api_keys.update", update),
        router::delete(INBOX_ONE, "inboxes.api_keys.delete", delete),
    ]
}

async fn create(
    auth: Authorized<perm::ApiKeyCreate>,
    Body(request): Body<wire::CreateApiKeyRequest>,
) -> Outcome<wire::CreateApiKeyResponse> {
    Ok(Answer(auth.app.create_api_key(&auth.grant, request).await?))
}

async fn list(
    auth: Authorized<perm::ApiKeyRead>,
    params: Params,
) -> Outcome<wire::ListApiKeysResponse> {
    let (page, kind) = (params.page()?, family(&params)?);
    if kind == Family::PublicKey {
        return Ok(Answer(no_public_keys()));
    }
    Ok(Answer(auth.app.api_keys(&auth.grant, page).await?))
}

async fn get(auth: Authorized<perm::ApiKeyRead>, At(key): At<ApiKeyId>) -> Outcome<wire::ApiKey> {
    Ok(Answer(auth.app.api_key(&auth.grant, &key).await?))
}

async fn update(
    auth: Authorized<perm::ApiKeyUpdate>,
    At(key): At<ApiKeyId>,
    Body(request): Body<wire::UpdateApiKeyRequest>,
) -> Outcome<wire::ApiKey> {
    let updated = auth.app.update_api_key(&auth.grant, &key, request);
    Ok(Answer(updated.await?))
}

async fn delete(
    auth: Authorized<perm::ApiKeyDelete>,
    At(key): At<ApiKeyId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_api_key(&auth.grant, &key).await?;
    Ok(NoContent)
}

/// The two kinds of credential that the `type` parameter tells apart.
#[derive(Debug, PartialEq, Eq)]
enum Family {
    Bearer,
    PublicKey,
}

fn family(params: &Params) -> Result<Family, Error> {
    match params.text("type") {
        None | Some("bearer") => Ok(Family::Bearer),
        Some("public_key") => Ok(Family::PublicKey),
        Some(_) => {
            let message = "type must be bearer or public_key";
            Err(Error::invalid("type", "invalid_value", message))
        }
    }
}

/// No server has public keys yet: they come with sign-in to apps.
const fn no_public_keys() -> wire::ListApiKeysResponse {
    wire::ListApiKeysResponse {
        count: 0,
        next_page_token: None,
        api_keys: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_of_keys_is_one_of_two() {
        let family = |query| family(&Params::parse(query));
        assert_eq!(family("").unwrap(), Family::Bearer);
        assert_eq!(family("type=bearer").unwrap(), Family::Bearer);
        assert_eq!(family("type=public_key").unwrap(), Family::PublicKey);
        assert!(family("type=session").is_err());
    }
}

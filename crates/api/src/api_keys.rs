//! API keys, of the organisation or of one inbox, with the same handlers: see [`Within`].

use model::{ApiKeyId, Error, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::{At, Within};
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/api-keys";
    const ONE: &str = "/v0/api-keys/{api_key_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/api-keys";
    vec![
        router::get(ALL, "api_keys.list", list),
        router::post(ALL, "api_keys.create", create),
        router::get(ONE, "api_keys.get", get),
        router::delete(ONE, "api_keys.delete", delete),
        router::get(INBOX_ALL, "inboxes.api_keys.list", list),
        router::post(INBOX_ALL, "inboxes.api_keys.create", create),
        router::delete(
            "/v0/inboxes/{inbox_id}/api-keys/{api_key_id}",
            "inboxes.api_keys.delete",
            delete,
        ),
    ]
}

pub(crate) async fn create(
    auth: Authorized<perm::ApiKeyCreate>,
    Within(inbox): Within,
    Body(request): Body<wire::CreateApiKeyRequest>,
) -> Outcome<wire::CreateApiKeyResponse> {
    let key = auth
        .app
        .create_api_key(&auth.grant, inbox.as_ref(), request);
    Ok(Answer(key.await?))
}

pub(crate) async fn list(
    auth: Authorized<perm::ApiKeyRead>,
    Within(inbox): Within,
    params: Params,
) -> Outcome<wire::ListApiKeysResponse> {
    let (page, kind) = (params.page()?, family(&params)?);
    if kind == Family::PublicKey {
        return Ok(Answer(no_public_keys()));
    }
    let keys = auth.app.api_keys(&auth.grant, inbox.as_ref(), page);
    Ok(Answer(keys.await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::ApiKeyRead>,
    At(key): At<ApiKeyId>,
) -> Outcome<wire::ApiKey> {
    Ok(Answer(auth.app.api_key(&auth.grant, &key).await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::ApiKeyDelete>,
    Within(inbox): Within,
    At(key): At<ApiKeyId>,
) -> Result<NoContent, Refusal> {
    auth.app
        .delete_api_key(&auth.grant, inbox.as_ref(), &key)
        .await?;
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

//! Who the caller is, and its organisation.

use model::perm;

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;

pub(crate) async fn me(auth: Authorized<perm::Authenticated>) -> Outcome<wire::Identity> {
    Ok(Answer(auth.app.identity(&auth.grant).await?))
}

pub(crate) async fn get(auth: Authorized<perm::OrganizationRead>) -> Outcome<wire::Organization> {
    Ok(Answer(auth.app.organization(&auth.grant).await?))
}

//! What the organisation does not write to any more. The same addresses are read-only entries of its
//! `send` `block` list, which the SDKs know; here they can be explained and taken away.

use model::list::Entry;
use model::perm;

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/suppressions";
    const ONE: &str = "/v0/suppressions/{entry}";
    vec![
        router::get(ALL, "suppressions.list", list),
        router::post(ALL, "suppressions.create", create),
        router::get(ONE, "suppressions.get", get),
        router::delete(ONE, "suppressions.delete", delete),
    ]
}

pub(crate) async fn list(
    auth: Authorized<perm::ListEntryRead>,
    params: Params,
) -> Outcome<wire::ListSuppressionsResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.suppressions(&auth.grant, page).await?))
}

pub(crate) async fn create(
    auth: Authorized<perm::ListEntryCreate>,
    Body(request): Body<wire::CreateSuppressionRequest>,
) -> Outcome<wire::Suppression> {
    let made = auth.app.create_suppression(&auth.grant, request);
    Ok(Answer(made.await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::ListEntryRead>,
    At(entry): At<Entry>,
) -> Outcome<wire::Suppression> {
    Ok(Answer(auth.app.suppression(&auth.grant, entry).await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::ListEntryDelete>,
    At(entry): At<Entry>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_suppression(&auth.grant, entry).await?;
    Ok(NoContent)
}

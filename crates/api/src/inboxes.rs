//! Inboxes.

use model::{InboxId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/inboxes";
    const ONE: &str = "/v0/inboxes/{inbox_id}";
    const POD_ALL: &str = "/v0/pods/{pod_id}/inboxes";
    const POD_ONE: &str = "/v0/pods/{pod_id}/inboxes/{inbox_id}";
    vec![
        router::get(ALL, "inboxes.list", list),
        router::post(ALL, "inboxes.create", create),
        router::get(ONE, "inboxes.get", get),
        router::patch(ONE, "inboxes.update", update),
        router::delete(ONE, "inboxes.delete", delete),
        router::get(POD_ALL, "pods.inboxes.list", list),
        router::post(POD_ALL, "pods.inboxes.create", create),
        router::get(POD_ONE, "pods.inboxes.get", get),
        router::patch(POD_ONE, "pods.inboxes.update", update),
        router::delete(POD_ONE, "pods.inboxes.delete", delete),
    ]
}

pub(crate) async fn create(
    auth: Authorized<perm::InboxCreate>,
    Body(request): Body<wire::CreateInboxRequest>,
) -> Outcome<wire::Inbox> {
    Ok(Answer(auth.app.create_inbox(&auth.grant, request).await?))
}

pub(crate) async fn list(
    auth: Authorized<perm::InboxRead>,
    params: Params,
) -> Outcome<wire::ListInboxesResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.inboxes(&auth.grant, page).await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::InboxRead>,
    At(inbox): At<InboxId>,
) -> Outcome<wire::Inbox> {
    Ok(Answer(auth.app.inbox(&auth.grant, &inbox).await?))
}

pub(crate) async fn update(
    auth: Authorized<perm::InboxUpdate>,
    At(inbox): At<InboxId>,
    Body(request): Body<wire::UpdateInboxRequest>,
) -> Outcome<wire::Inbox> {
    let updated = auth.app.update_inbox(&auth.grant, &inbox, request).await?;
    Ok(Answer(updated))
}

pub(crate) async fn delete(
    auth: Authorized<perm::InboxDelete>,
    At(inbox): At<InboxId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_inbox(&auth.grant, &inbox).await?;
    Ok(NoContent)
}

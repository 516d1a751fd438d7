//! Drafts: made, changed, scheduled and sent in their inbox; read there, in their pod and in the
//! whole organisation. The path narrows the grant, so all three share their handlers.

use model::{AttachmentId, DraftId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::base::Base;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::once::Once;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/drafts";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/drafts/{draft_id}";
    vec![
        router::get("/v0/drafts", "drafts.list", list),
        router::get("/v0/drafts/{draft_id}", "drafts.get", get),
        router::get(
            "/v0/drafts/{draft_id}/attachments/{attachment_id}",
            "drafts.get_attachment",
            get_attachment,
        ),
        router::get("/v0/pods/{pod_id}/drafts", "pods.drafts.list", list),
        router::get(
            "/v0/pods/{pod_id}/drafts/{draft_id}",
            "pods.drafts.get",
            get,
        ),
        router::get(
            "/v0/pods/{pod_id}/drafts/{draft_id}/attachments/{attachment_id}",
            "pods.drafts.get_attachment",
            get_attachment,
        ),
        router::get(INBOX_ALL, "inboxes.drafts.list", list),
        router::post(INBOX_ALL, "inboxes.drafts.create", create),
        router::get(INBOX_ONE, "inboxes.drafts.get", get),
        router::patch(INBOX_ONE, "inboxes.drafts.update", update),
        router::delete(INBOX_ONE, "inboxes.drafts.delete", delete),
        router::get(
            "/v0/inboxes/{inbox_id}/drafts/{draft_id}/attachments/{attachment_id}",
            "inboxes.drafts.get_attachment",
            get_attachment,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/drafts/{draft_id}/send",
            "inboxes.drafts.send",
            send,
        ),
    ]
}

pub(crate) async fn list(
    auth: Authorized<perm::DraftRead>,
    params: Params,
) -> Outcome<wire::ListDraftsResponse> {
    let filter = params.drafts()?;
    Ok(Answer(auth.app.drafts(&auth.grant, filter).await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::DraftRead>,
    At(draft): At<DraftId>,
) -> Outcome<wire::Draft> {
    Ok(Answer(auth.app.draft(&auth.grant, draft).await?))
}

pub(crate) async fn get_attachment(
    auth: Authorized<perm::DraftRead>,
    At((draft, attachment)): At<(DraftId, AttachmentId)>,
    Base(base): Base,
) -> Outcome<wire::AttachmentResponse> {
    let link = auth
        .app
        .draft_attachment(&auth.grant, draft, attachment, &base);
    Ok(Answer(link.await?))
}

pub(crate) async fn create(
    auth: Authorized<perm::DraftCreate>,
    Body(request): Body<wire::CreateDraftRequest>,
) -> Outcome<wire::Draft> {
    Ok(Answer(auth.app.create_draft(&auth.grant, request).await?))
}

pub(crate) async fn update(
    auth: Authorized<perm::DraftUpdate>,
    At(draft): At<DraftId>,
    Body(request): Body<wire::UpdateDraftRequest>,
) -> Outcome<wire::Draft> {
    let updated = auth.app.update_draft(&auth.grant, draft, request);
    Ok(Answer(updated.await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::DraftDelete>,
    At(draft): At<DraftId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_draft(&auth.grant, draft).await?;
    Ok(NoContent)
}

pub(crate) async fn send(
    auth: Authorized<perm::DraftSend>,
    At(draft): At<DraftId>,
    Once(key): Once,
    Body(request): Body<wire::UpdateMessageRequest>,
) -> Outcome<wire::SendMessageResponse> {
    let sent = auth.app.send_draft(&auth.grant, draft, key, request);
    Ok(Answer(sent.await?))
}

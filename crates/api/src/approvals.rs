//! What waits for approval, and the decisions about it. These routes are this server's own.

use model::{ApprovalId, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::base::Base;
use crate::body::Body;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/approvals", "approvals.list", list),
        router::get("/v0/approvals/{approval_id}", "approvals.get", get),
        router::post(
            "/v0/approvals/{approval_id}/approve",
            "approvals.approve",
            approve,
        ),
        router::post(
            "/v0/approvals/{approval_id}/decline",
            "approvals.decline",
            decline,
        ),
        router::post(
            "/v0/approvals/{approval_id}/link",
            "approvals.create_link",
            create_link,
        ),
        router::get("/v0/pods/{pod_id}/approvals", "pods.approvals.list", list),
        router::get(
            "/v0/pods/{pod_id}/approvals/{approval_id}",
            "pods.approvals.get",
            get,
        ),
        router::post(
            "/v0/pods/{pod_id}/approvals/{approval_id}/approve",
            "pods.approvals.approve",
            approve,
        ),
        router::post(
            "/v0/pods/{pod_id}/approvals/{approval_id}/decline",
            "pods.approvals.decline",
            decline,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/approvals",
            "inboxes.approvals.list",
            list,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/approvals/{approval_id}",
            "inboxes.approvals.get",
            get,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/approvals/{approval_id}/approve",
            "inboxes.approvals.approve",
            approve,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/approvals/{approval_id}/decline",
            "inboxes.approvals.decline",
            decline,
        ),
    ]
}

async fn create_link(
    auth: Authorized<perm::ApprovalDecide>,
    At(id): At<ApprovalId>,
    Base(base): Base,
) -> Outcome<wire::ApprovalLink> {
    let link = auth.app.approval_link(&auth.grant, id, &base);
    Ok(Answer(link.await?))
}

async fn list(
    auth: Authorized<perm::ApprovalRead>,
    params: Params,
) -> Outcome<wire::ListApprovalsResponse> {
    let (page, state) = (params.page()?, params.text("state"));
    Ok(Answer(auth.app.approvals(&auth.grant, state, page).await?))
}

async fn get(
    auth: Authorized<perm::ApprovalRead>,
    At(id): At<ApprovalId>,
) -> Outcome<wire::Approval> {
    Ok(Answer(auth.app.approval(&auth.grant, id).await?))
}

async fn approve(
    auth: Authorized<perm::ApprovalDecide>,
    At(id): At<ApprovalId>,
    Body(request): Body<wire::ApproveRequest>,
) -> Outcome<wire::SendMessageResponse> {
    let sent = auth.app.approve(&auth.grant, id, request);
    Ok(Answer(sent.await?))
}

async fn decline(
    auth: Authorized<perm::ApprovalDecide>,
    At(id): At<ApprovalId>,
    Body(request): Body<wire::DeclineRequest>,
) -> Outcome<wire::Approval> {
    let declined = auth.app.decline(&auth.grant, id, request);
    Ok(Answer(declined.await?))
}

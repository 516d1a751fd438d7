//! Pods: hard walls between tenants of one organisation.

use model::{PodId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/pods";
    const ONE: &str = "/v0/pods/{pod_id}";
    vec![
        router::get(ALL, "pods.list", list),
        router::post(ALL, "pods.create", create),
        router::get(ONE, "pods.get", get),
        router::delete(ONE, "pods.delete", delete),
    ]
}

async fn create(
    auth: Authorized<perm::PodCreate>,
    Body(request): Body<wire::CreatePodRequest>,
) -> Outcome<wire::Pod> {
    Ok(Answer(auth.app.create_pod(&auth.grant, request).await?))
}

async fn list(auth: Authorized<perm::PodRead>, params: Params) -> Outcome<wire::ListPodsResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.pods(&auth.grant, page).await?))
}

async fn get(auth: Authorized<perm::PodRead>, At(pod): At<PodId>) -> Outcome<wire::Pod> {
    Ok(Answer(auth.app.pod(&auth.grant, pod).await?))
}

async fn delete(
    auth: Authorized<perm::PodDelete>,
    At(pod): At<PodId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_pod(&auth.grant, pod).await?;
    Ok(NoContent)
}

//! Values that must not leave: of the organisation, a pod or an inbox, as the path says. Beyond
//! AgentMail.

use model::perm;

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::{At, ValueId};
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/leak-values", "leak_values.list", list),
        router::post("/v0/leak-values", "leak_values.create", create),
        router::delete("/v0/leak-values/{value_id}", "leak_values.delete", delete),
        router::get(
            "/v0/pods/{pod_id}/leak-values",
            "pods.leak_values.list",
            list,
        ),
        router::post(
            "/v0/pods/{pod_id}/leak-values",
            "pods.leak_values.create",
            create,
        ),
        router::delete(
            "/v0/pods/{pod_id}/leak-values/{value_id}",
            "pods.leak_values.delete",
            delete,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/leak-values",
            "inboxes.leak_values.list",
            list,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/leak-values",
            "inboxes.leak_values.create",
            create,
        ),
        router::delete(
            "/v0/inboxes/{inbox_id}/leak-values/{value_id}",
            "inboxes.leak_values.delete",
            delete,
        ),
    ]
}

async fn list(auth: Authorized<perm::PolicyRead>) -> Outcome<wire::ListLeakValuesResponse> {
    Ok(Answer(auth.app.leak_values(&auth.grant).await?))
}

async fn create(
    auth: Authorized<perm::PolicyUpdate>,
    Body(request): Body<wire::CreateLeakValueRequest>,
) -> Outcome<wire::LeakValue> {
    let made = auth.app.create_leak_value(&auth.grant, request);
    Ok(Answer(made.await?))
}

async fn delete(
    auth: Authorized<perm::PolicyUpdate>,
    At(ValueId(id)): At<ValueId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_leak_value(&auth.grant, &id).await?;
    Ok(NoContent)
}

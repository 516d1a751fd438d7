//! Searches. A path with a pod or an inbox searches that one alone: the grant is narrowed to it.

use model::perm;

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get(
            "/v0/inboxes/{inbox_id}/messages/search",
            "inboxes.messages.search",
            messages,
        ),
        router::get("/v0/threads/search", "threads.search", threads),
        router::get(
            "/v0/inboxes/{inbox_id}/threads/search",
            "inboxes.threads.search",
            threads,
        ),
        router::get(
            "/v0/pods/{pod_id}/threads/search",
            "pods.threads.search",
            threads,
        ),
        router::get("/v0/inboxes/search", "inboxes.search", inboxes),
        router::get(
            "/v0/pods/{pod_id}/inboxes/search",
            "pods.inboxes.search",
            inboxes,
        ),
    ]
}

async fn messages(
    auth: Authorized<perm::MessageRead>,
    params: Params,
) -> Outcome<wire::SearchMessagesResponse> {
    let search = params.search()?;
    Ok(Answer(auth.app.search_messages(&auth.grant, search).await?))
}

async fn threads(
    auth: Authorized<perm::MessageRead>,
    params: Params,
) -> Outcome<wire::SearchThreadsResponse> {
    let search = params.search()?;
    Ok(Answer(auth.app.search_threads(&auth.grant, search).await?))
}

async fn inboxes(
    auth: Authorized<perm::InboxRead>,
    params: Params,
) -> Outcome<wire::SearchInboxesResponse> {
    let search = params.search()?;
    Ok(Answer(auth.app.search_inboxes(&auth.grant, search).await?))
}

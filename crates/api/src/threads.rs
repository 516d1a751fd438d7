//! Threads, of one inbox, of one pod or of everything the key reaches. All kinds of route share
//! their handlers: what a path names narrows the grant.

use model::{AttachmentId, ThreadId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::base::Base;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/threads";
    const ONE: &str = "/v0/threads/{thread_id}";
    const POD_ALL: &str = "/v0/pods/{pod_id}/threads";
    const POD_ONE: &str = "/v0/pods/{pod_id}/threads/{thread_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/threads";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/threads/{thread_id}";
    vec![
        router::get(ALL, "threads.list", list),
        router::get(ONE, "threads.get", get),
        router::patch(ONE, "threads.update", update),
        router::delete(ONE, "threads.delete", delete),
        router::get(
            "/v0/threads/{thread_id}/attachments/{attachment_id}",
            "threads.get_attachment",
            get_attachment,
        ),
        router::get(POD_ALL, "pods.threads.list", list),
        router::get(POD_ONE, "pods.threads.get", get),
        router::patch(POD_ONE, "pods.threads.update", update),
        router::delete(POD_ONE, "pods.threads.delete", delete),
        router::get(
            "/v0/pods/{pod_id}/threads/{thread_id}/attachments/{attachment_id}",
            "pods.threads.get_attachment",
            get_attachment,
        ),
        router::get(INBOX_ALL, "inboxes.threads.list", list),
        router::get(INBOX_ONE, "inboxes.threads.get", get),
        router::patch(INBOX_ONE, "inboxes.threads.update", update),
        router::delete(INBOX_ONE, "inboxes.threads.delete", delete),
        router::get(
            "/v0/inboxes/{inbox_id}/threads/{thread_id}/attachments/{attachment_id}",
            "inboxes.threads.get_attachment",
            get_attachment,
        ),
    ]
}

pub(crate) async fn list(
    auth: Authorized<perm::MessageRead>,
    params: Params,
) -> Outcome<wire::ListThreadsResponse> {
    let filter = params.threads()?;
    let threads = auth.app.threads(&auth.grant, filter);
    Ok(Answer(threads.await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::MessageRead>,
    At(thread): At<ThreadId>,
    params: Params,
) -> Outcome<wire::Thread> {
    let page = params.page()?;
    let thread = auth.app.thread(&auth.grant, &thread, page);
    Ok(Answer(thread.await?))
}

pub(crate) async fn update(
    auth: Authorized<perm::MessageUpdate>,
    At(thread): At<ThreadId>,
    Body(request): Body<wire::UpdateThreadRequest>,
) -> Outcome<wire::UpdateThreadResponse> {
    let updated = auth.app.update_thread(&auth.grant, &thread, request);
    Ok(Answer(updated.await?))
}

/// With `permanent=false` the thread moves to the trash, as an older SDK expects.
pub(crate) async fn delete(
    auth: Authorized<perm::MessageDelete>,
    At(thread): At<ThreadId>,
    params: Params,
) -> Result<NoContent, Refusal> {
    let permanent = params.flag("permanent")?;
    auth.app
        .delete_thread(&auth.grant, &thread, permanent)
        .await?;
    Ok(NoContent)
}

pub(crate) async fn get_attachment(
    auth: Authorized<perm::MessageRead>,
    At((thread, attachment)): At<(ThreadId, AttachmentId)>,
    Base(base): Base,
) -> Outcome<wire::AttachmentResponse> {
    let link = auth
        .app
        .thread_attachment(&auth.grant, &thread, &attachment, &base);
    Ok(Answer(link.await?))
}

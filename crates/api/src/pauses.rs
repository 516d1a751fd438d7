//! Where nothing leaves: the kill switch at each level, and threads whose budget is used up. Beyond
//! AgentMail.

use model::{ThreadId, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::ids::At;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::get("/v0/pause", "sending.get", get),
        router::post("/v0/pause", "sending.pause", pause),
        router::post("/v0/resume", "sending.resume", resume),
        router::get("/v0/pods/{pod_id}/pause", "pods.sending.get", get),
        router::post("/v0/pods/{pod_id}/pause", "pods.sending.pause", pause),
        router::post("/v0/pods/{pod_id}/resume", "pods.sending.resume", resume),
        router::get("/v0/inboxes/{inbox_id}/pause", "inboxes.sending.get", get),
        router::post(
            "/v0/inboxes/{inbox_id}/pause",
            "inboxes.sending.pause",
            pause,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/resume",
            "inboxes.sending.resume",
            resume,
        ),
        router::get(
            "/v0/threads/{thread_id}/pause",
            "threads.get_pause",
            get_thread,
        ),
        router::post(
            "/v0/threads/{thread_id}/resume",
            "threads.resume",
            resume_thread,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/threads/{thread_id}/pause",
            "inboxes.threads.get_pause",
            get_thread,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/threads/{thread_id}/resume",
            "inboxes.threads.resume",
            resume_thread,
        ),
    ]
}

async fn get(auth: Authorized<perm::InboxRead>) -> Outcome<wire::SendingStatus> {
    Ok(Answer(auth.app.sending_status(&auth.grant).await?))
}

async fn pause(
    auth: Authorized<perm::SendingPause>,
    Body(request): Body<wire::PauseSendingRequest>,
) -> Outcome<wire::SendingStatus> {
    Ok(Answer(auth.app.pause_sending(&auth.grant, request).await?))
}

async fn resume(auth: Authorized<perm::SendingResume>) -> Outcome<wire::SendingStatus> {
    Ok(Answer(auth.app.resume_sending(&auth.grant).await?))
}

async fn get_thread(
    auth: Authorized<perm::MessageRead>,
    At(thread): At<ThreadId>,
) -> Outcome<wire::ThreadPause> {
    Ok(Answer(auth.app.thread_pause(&auth.grant, thread).await?))
}

async fn resume_thread(
    auth: Authorized<perm::SendingResume>,
    At(thread): At<ThreadId>,
) -> Outcome<wire::ThreadPause> {
    Ok(Answer(auth.app.resume_thread(&auth.grant, thread).await?))
}

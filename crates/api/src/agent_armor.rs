//! Agent Armor: feedback on verdicts, the release of held mail, and what is held. The last is ours:
//! AgentMail has that switch in its console.

use mail::MessageId;
use model::{InboxId, perm};

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::ids::At;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ORG: &str = "/v0/agent-armor";
    const POD: &str = "/v0/pods/{pod_id}/agent-armor";
    const INBOX: &str = "/v0/inboxes/{inbox_id}/agent-armor";
    vec![
        router::post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/agent-armor/feedback",
            "inboxes.messages.create_agent_armor_feedback",
            create_feedback,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/agent-armor/release",
            "inboxes.messages.release_agent_armor_message",
            release,
        ),
        router::get(ORG, "agent_armor.get", get),
        router::patch(ORG, "agent_armor.update", update),
        router::get(POD, "pods.agent_armor.get", get),
        router::patch(POD, "pods.agent_armor.update", update),
        router::get(INBOX, "inboxes.agent_armor.get", get),
        router::patch(INBOX, "inboxes.agent_armor.update", update),
    ]
}

pub(crate) async fn create_feedback(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Body(request): Body<wire::CreateAgentArmorFeedbackRequest>,
) -> Outcome<wire::AgentArmorFeedback> {
    let kept = auth
        .app
        .create_agent_armor_feedback(&auth.grant, &inbox, &message, request);
    Ok(Answer(kept.await?))
}

pub(crate) async fn release(
    auth: Authorized<perm::AgentArmorRelease>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Body(request): Body<wire::ReleaseAgentArmorMessageRequest>,
) -> Outcome<wire::ReleaseAgentArmorMessageResponse> {
    let released = auth
        .app
        .release_agent_armor_message(&auth.grant, &inbox, &message, request);
    Ok(Answer(released.await?))
}

pub(crate) async fn get(auth: Authorized<perm::MessageRead>) -> Outcome<wire::AgentArmorSettings> {
    Ok(Answer(auth.app.agent_armor(&auth.grant).await?))
}

pub(crate) async fn update(
    auth: Authorized<perm::AgentArmorRelease>,
    Body(request): Body<wire::UpdateAgentArmorRequest>,
) -> Outcome<wire::AgentArmorSettings> {
    Ok(Answer(
        auth.app.update_agent_armor(&auth.grant, request).await?,
    ))
}

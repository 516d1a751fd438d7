//! Messages of an inbox: reading, labelling and everything that sends.

use axum::response::{IntoResponse, Response};
use mail::MessageId;
use model::{AttachmentId, IdempotencyKey, InboxId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::base::Base;
use crate::body::Body;
use crate::download;
use crate::error::Refusal;
use crate::generation::Generation;
use crate::ids::At;
use crate::once::Once;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/inboxes/{inbox_id}/messages";
    const ONE: &str = "/v0/inboxes/{inbox_id}/messages/{message_id}";
    vec![
        router::get(ALL, "inboxes.messages.list", list),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/send",
            "inboxes.messages.send",
            send,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/batch-get",
            "inboxes.messages.batch_get",
            batch_get,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/batch-update",
            "inboxes.messages.batch_update",
            batch_update,
        ),
        router::get(ONE, "inboxes.messages.get", get),
        router::patch(ONE, "inboxes.messages.update", update),
        router::delete(ONE, "inboxes.messages.delete", delete),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/attachments/{attachment_id}",
            "inboxes.messages.get_attachment",
            get_attachment,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/deliveries",
            "inboxes.messages.list_deliveries",
            list_deliveries,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/timeline",
            "inboxes.messages.get_timeline",
            get_timeline,
        ),
        router::get("/v0/sends/{idempotency_key}", "sends.get", get_send),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/forward",
            "inboxes.messages.forward",
            forward,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/raw",
            "inboxes.messages.get_raw",
            get_raw,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/reply",
            "inboxes.messages.reply",
            reply,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/reply-all",
            "inboxes.messages.reply_all",
            reply_all,
        ),
    ]
}

pub(crate) async fn list(
    auth: Authorized<perm::MessageRead>,
    At(inbox): At<InboxId>,
    params: Params,
) -> Outcome<wire::ListMessagesResponse> {
    let filter = params.messages()?;
    Ok(Answer(
        auth.app.messages(&auth.grant, &inbox, filter).await?,
    ))
}

pub(crate) async fn get(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Outcome<wire::Message> {
    Ok(Answer(
        auth.app.message(&auth.grant, &inbox, &message).await?,
    ))
}

pub(crate) async fn update(
    auth: Authorized<perm::MessageUpdate>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    generation: Generation,
    Body(request): Body<wire::UpdateMessageRequest>,
) -> Result<Response, Refusal> {
    let updated = auth
        .app
        .update_message(&auth.grant, &inbox, &message, request);
    let updated = updated.await?;
    if generation.wants_whole_message() {
        // Only to who may read it, and only if the change did not hide it; otherwise what everybody
        // else gets says that the change was made.
        if let Ok(reader) = auth.access.grant()
            && let Ok(whole) = auth.app.message(&reader, &inbox, &message).await
        {
            return Ok(Answer(whole).into_response());
        }
    }
    Ok(Answer(updated).into_response())
}

pub(crate) async fn delete(
    auth: Authorized<perm::MessageDelete>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Result<NoContent, Refusal> {
    auth.app
        .delete_message(&auth.grant, &inbox, &message)
        .await?;
    Ok(NoContent)
}

pub(crate) async fn batch_get(
    auth: Authorized<perm::MessageRead>,
    Body(request): Body<wire::BatchGetMessagesRequest>,
) -> Outcome<wire::BatchGetMessagesResponse> {
    Ok(Answer(auth.app.messages_named(&auth.grant, request).await?))
}

pub(crate) async fn batch_update(
    auth: Authorized<perm::MessageUpdate>,
    Body(request): Body<wire::BatchUpdateMessagesRequest>,
) -> Outcome<wire::BatchUpdateMessagesResponse> {
    Ok(Answer(
        auth.app.update_messages(&auth.grant, request).await?,
    ))
}

pub(crate) async fn send(
    auth: Authorized<perm::MessageSend>,
    At(inbox): At<InboxId>,
    Once(key): Once,
    Body(request): Body<wire::SendMessageRequest>,
) -> Outcome<wire::SendMessageResponse> {
    Ok(Answer(
        auth.app.send(&auth.grant, &inbox, key, request).await?,
    ))
}

pub(crate) async fn reply(
    auth: Authorized<perm::MessageReply>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Once(key): Once,
    Body(request): Body<wire::ReplyToMessageRequest>,
) -> Outcome<wire::SendMessageResponse> {
    let sent = auth.app.reply(&auth.grant, &inbox, &message, key, request);
    Ok(Answer(sent.await?))
}

pub(crate) async fn reply_all(
    auth: Authorized<perm::MessageReply>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Once(key): Once,
    Body(request): Body<wire::ReplyAllMessageRequest>,
) -> Outcome<wire::SendMessageResponse> {
    let sent = auth
        .app
        .reply_all(&auth.grant, &inbox, &message, key, request);
    Ok(Answer(sent.await?))
}

pub(crate) async fn forward(
    auth: Authorized<perm::MessageSend>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Once(key): Once,
    Body(request): Body<wire::SendMessageRequest>,
) -> Outcome<wire::SendMessageResponse> {
    let sent = auth
        .app
        .forward(&auth.grant, &inbox, &message, key, request);
    Ok(Answer(sent.await?))
}

pub(crate) async fn get_attachment(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message, attachment)): At<(InboxId, MessageId, AttachmentId)>,
    Base(base): Base,
) -> Outcome<wire::AttachmentResponse> {
    let link = auth
        .app
        .attachment(&auth.grant, &inbox, &message, &attachment, &base);
    Ok(Answer(link.await?))
}

pub(crate) async fn get_raw(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
    Base(base): Base,
    generation: Generation,
) -> Result<Response, Refusal> {
    let link = auth.app.raw(&auth.grant, &inbox, &message, &base).await?;
    if generation.wants_raw_bytes() {
        return download::follow(&auth.app, &link.download_url).await;
    }
    Ok(Answer(link).into_response())
}

/// Beyond AgentMail: what became of a sent message, recipient by recipient.
pub(crate) async fn list_deliveries(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Outcome<wire::ListDeliveriesResponse> {
    let found = auth.app.deliveries(&auth.grant, &inbox, &message);
    Ok(Answer(found.await?))
}

/// Beyond AgentMail: what happened to a message. Webhooks of a wider scope than the path's are in it
/// for whoever may read them.
pub(crate) async fn get_timeline(
    auth: Authorized<perm::MessageRead>,
    At((inbox, message)): At<(InboxId, MessageId)>,
) -> Outcome<wire::MessageTimeline> {
    let hooks = auth.caller.grant::<perm::WebhookRead>().ok();
    let told = auth
        .app
        .timeline(&auth.grant, hooks.as_ref(), &inbox, &message);
    Ok(Answer(told.await?))
}

/// Beyond AgentMail: whether a request with this Idempotency-Key was carried out.
pub(crate) async fn get_send(
    auth: Authorized<perm::MessageRead>,
    At(key): At<IdempotencyKey>,
) -> Outcome<wire::Send> {
    Ok(Answer(auth.app.sent_under(&auth.grant, &key).await?))
}

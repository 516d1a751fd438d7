//! Webhooks: where events are posted, and what became of them.
//!
//! The seven operations of the SDKs are there for the organisation, a pod and an inbox; what goes
//! beyond them is there once, and serves keys of any reach.

use model::{DeliveryId, WebhookId, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The seven operations under one prefix of path and of name.
macro_rules! level {
    ($path:literal, $name:literal) => {
        [
            router::get($path, concat!($name, ".list"), list),
            router::post($path, concat!($name, ".create"), create),
            router::get(concat!($path, "/{webhook_id}"), concat!($name, ".get"), get),
            router::patch(
                concat!($path, "/{webhook_id}"),
                concat!($name, ".update"),
                update,
            ),
            router::delete(
                concat!($path, "/{webhook_id}"),
                concat!($name, ".delete"),
                delete,
            ),
            router::get(
                concat!($path, "/{webhook_id}/headers"),
                concat!($name, ".get_headers"),
                get_headers,
            ),
            router::patch(
                concat!($path, "/{webhook_id}/headers"),
                concat!($name, ".update_headers"),
                update_headers,
            ),
        ]
    };
}

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(level!("/v0/webhooks", "webhooks"));
    rows.extend(level!("/v0/pods/{pod_id}/webhooks", "pods.webhooks"));
    rows.extend(level!(
        "/v0/inboxes/{inbox_id}/webhooks",
        "inboxes.webhooks"
    ));
    rows.extend([
        router::get(
            "/v0/webhooks/{webhook_id}/deliveries",
            "webhooks.deliveries.list",
            list_deliveries,
        ),
        router::get(
            "/v0/webhooks/{webhook_id}/deliveries/{delivery_id}",
            "webhooks.deliveries.get",
            get_delivery,
        ),
        router::post(
            "/v0/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
            "webhooks.deliveries.redeliver",
            redeliver,
        ),
        router::post("/v0/webhooks/{webhook_id}/test", "webhooks.test", test),
        router::post(
            "/v0/webhooks/{webhook_id}/replay",
            "webhooks.replay",
            replay,
        ),
        router::post(
            "/v0/webhooks/{webhook_id}/rotate-secret",
            "webhooks.rotate_secret",
            rotate_secret,
        ),
    ]);
    rows
}

pub(crate) async fn create(
    auth: Authorized<perm::WebhookCreate>,
    Body(request): Body<wire::CreateWebhookRequest>,
) -> Outcome<wire::Webhook> {
    Ok(Answer(auth.app.create_webhook(&auth.grant, request).await?))
}

pub(crate) async fn list(
    auth: Authorized<perm::WebhookRead>,
    params: Params,
) -> Outcome<wire::ListWebhooksResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.webhooks(&auth.grant, page).await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::WebhookRead>,
    At(id): At<WebhookId>,
) -> Outcome<wire::Webhook> {
    Ok(Answer(auth.app.webhook(&auth.grant, id).await?))
}

pub(crate) async fn update(
    auth: Authorized<perm::WebhookUpdate>,
    At(id): At<WebhookId>,
    Body(request): Body<wire::UpdateWebhookRequest>,
) -> Outcome<wire::Webhook> {
    let updated = auth.app.update_webhook(&auth.grant, id, request);
    Ok(Answer(updated.await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::WebhookDelete>,
    At(id): At<WebhookId>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_webhook(&auth.grant, id).await?;
    Ok(NoContent)
}

pub(crate) async fn get_headers(
    auth: Authorized<perm::WebhookRead>,
    At(id): At<WebhookId>,
) -> Outcome<wire::WebhookHeaderNamesResponse> {
    Ok(Answer(auth.app.webhook_headers(&auth.grant, id).await?))
}

pub(crate) async fn update_headers(
    auth: Authorized<perm::WebhookUpdate>,
    At(id): At<WebhookId>,
    Body(request): Body<wire::UpdateWebhookHeadersRequest>,
) -> Result<NoContent, Refusal> {
    auth.app
        .update_webhook_headers(&auth.grant, id, request)
        .await?;
    Ok(NoContent)
}

pub(crate) async fn list_deliveries(
    auth: Authorized<perm::WebhookRead>,
    At(id): At<WebhookId>,
    params: Params,
) -> Outcome<wire::ListWebhookDeliveriesResponse> {
    let page = params.page()?;
    let listed = auth.app.webhook_deliveries(&auth.grant, id, page);
    Ok(Answer(listed.await?))
}

pub(crate) async fn get_delivery(
    auth: Authorized<perm::WebhookRead>,
    At((id, delivery)): At<(WebhookId, DeliveryId)>,
) -> Outcome<wire::WebhookDelivery> {
    let found = auth.app.webhook_delivery(&auth.grant, id, delivery);
    Ok(Answer(found.await?))
}

pub(crate) async fn redeliver(
    auth: Authorized<perm::WebhookUpdate>,
    At((id, delivery)): At<(WebhookId, DeliveryId)>,
) -> Outcome<wire::WebhookDelivery> {
    let reopened = auth.app.redeliver_webhook(&auth.grant, id, delivery);
    Ok(Answer(reopened.await?))
}

pub(crate) async fn test(
    auth: Authorized<perm::WebhookUpdate>,
    At(id): At<WebhookId>,
) -> Outcome<wire::WebhookDelivery> {
    Ok(Answer(auth.app.test_webhook(&auth.grant, id).await?))
}

pub(crate) async fn replay(
    auth: Authorized<perm::WebhookUpdate>,
    At(id): At<WebhookId>,
    Body(request): Body<wire::ReplayWebhookRequest>,
) -> Outcome<wire::ReplayWebhookResponse> {
    let begun = auth.app.replay_webhook(&auth.grant, id, request);
    Ok(Answer(begun.await?))
}

pub(crate) async fn rotate_secret(
    auth: Authorized<perm::WebhookUpdate>,
    At(id): At<WebhookId>,
) -> Outcome<wire::Webhook> {
    Ok(Answer(
        auth.app.rotate_webhook_secret(&auth.grant, id).await?,
    ))
}

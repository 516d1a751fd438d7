//! Polling webhooks: subscriptions that are read instead of posted.

use app::{App, Poller};
use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{Error, Kind, Result, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::{Authorized, credential};
use crate::base::Base;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::{At, PathId};
use crate::params::Params;
use crate::quota::Admitted;
use crate::router::{self, Row};
use crate::settings::Door;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/webhooks/polling";
    const ONE: &str = "/v0/webhooks/polling/{webhook_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/webhooks/polling";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/webhooks/polling/{webhook_id}";
    const POD_ALL: &str = "/v0/pods/{pod_id}/webhooks/polling";
    const POD_ONE: &str = "/v0/pods/{pod_id}/webhooks/polling/{webhook_id}";
    vec![
        router::get(ALL, "webhooks.polling.list", list),
        router::post(ALL, "webhooks.polling.create", create),
        router::get(ONE, "webhooks.polling.get", get),
        router::delete(ONE, "webhooks.polling.delete", delete),
        router::get(INBOX_ALL, "inboxes.webhooks.polling.list", list),
        router::post(INBOX_ALL, "inboxes.webhooks.polling.create", create),
        router::get(INBOX_ONE, "inboxes.webhooks.polling.get", get),
        router::delete(INBOX_ONE, "inboxes.webhooks.polling.delete", delete),
        router::get(POD_ALL, "pods.webhooks.polling.list", list),
        router::post(POD_ALL, "pods.webhooks.polling.create", create),
        router::get(POD_ONE, "pods.webhooks.polling.get", get),
        router::delete(POD_ONE, "pods.webhooks.polling.delete", delete),
        // It takes the token of the subscription, which is no API key.
        router::open(
            http::Method::GET,
            "/v0/webhooks/polling/{webhook_id}/events",
            "webhooks.polling.events",
            events,
        ),
    ]
}

/// The id of a polling webhook, or its creator's own id for it.
pub(crate) struct Named(String);

impl PathId for Named {
    const NAME: &'static str = "webhook_id";

    fn read(segment: &str) -> Result<Self> {
        Ok(Self(segment.to_owned()))
    }
}

pub(crate) async fn list(
    auth: Authorized<perm::WebhookRead>,
    Base(base): Base,
    params: Params,
) -> Outcome<wire::ListPollingWebhooksResponse> {
    let page = params.page()?;
    let found = auth.app.polling_webhooks(&auth.grant, page, &base);
    Ok(Answer(found.await?))
}

pub(crate) async fn create(
    auth: Authorized<perm::WebhookCreate>,
    Base(base): Base,
    Body(request): Body<wire::CreatePollingWebhookRequest>,
) -> Outcome<wire::CreatePollingWebhookResponse> {
    let made = auth.app.create_polling_webhook(&auth.grant, request, &base);
    Ok(Answer(made.await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::WebhookRead>,
    At(Named(id)): At<Named>,
    Base(base): Base,
) -> Outcome<wire::PollingWebhook> {
    let found = auth.app.polling_webhook(&auth.grant, id, &base);
    Ok(Answer(found.await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::WebhookDelete>,
    At(Named(id)): At<Named>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_polling_webhook(&auth.grant, id).await?;
    Ok(NoContent)
}

/// The holder of a polling token, on the path of the webhook that it is of.
pub(crate) struct Polling {
    poller: Poller,
    app: App,
}

impl FromRequestParts<Door> for Polling {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        let Admitted { client, .. } = Admitted::from_request_parts(parts, door).await?;
        let token = credential(&parts.headers, "")?;
        let poller = door.app.poller(&token).await.inspect_err(|error| {
            if error.kind() == Kind::Unauthenticated {
                door.app.credential_failed(client);
            }
        })?;
        let At(Named(id)) = At::from_request_parts(parts, door).await?;
        if !poller.is_of(&id) {
            return Err(Refusal(Error::not_found("Webhook")));
        }
        let app = door.app.clone();
        Ok(Self { poller, app })
    }
}

pub(crate) async fn events(polling: Polling, params: Params) -> Outcome<wire::PollResponse> {
    let limit = params.page()?.limit;
    let found = polling
        .app
        .poll(&polling.poller, params.text("iterator"), limit);
    Ok(Answer(found.await?))
}

//! Agents that sign up by themselves.

use std::net::IpAddr;

use app::App;
use axum::extract::{FromRequestParts, State};
use http::Method;
use http::request::Parts;
use model::perm;

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::quota::client;
use crate::router::{self, Row};
use crate::settings::Door;

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        router::open(Method::POST, "/v0/agent/sign-up", "agent.sign_up", sign_up),
        router::post("/v0/agent/verify", "agent.verify", verify),
        router::post("/v0/agent/human", "agent.attach_human", attach_human),
    ]
}

/// The address of the client, by which sign-ups are counted.
struct Client(IpAddr);

impl FromRequestParts<Door> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        Ok(Self(client(parts, &door.settings.trusted_proxies)))
    }
}

/// Takes no credential; one that an SDK sends all the same is not looked at.
async fn sign_up(
    State(app): State<App>,
    Client(address): Client,
    Body(request): Body<wire::AgentSignupRequest>,
) -> Outcome<wire::AgentSignupResponse> {
    Ok(Answer(app.sign_up(address, request).await?))
}

async fn verify(
    auth: Authorized<perm::Authenticated>,
    Body(request): Body<wire::AgentVerifyRequest>,
) -> Outcome<wire::AgentVerifyResponse> {
    Ok(Answer(auth.app.verify_agent(&auth.grant, request).await?))
}

async fn attach_human(
    auth: Authorized<perm::OrganizationRead>,
    Body(request): Body<wire::AgentAttachHumanRequest>,
) -> Outcome<wire::AgentAttachHumanResponse> {
    Ok(Answer(auth.app.attach_human(&auth.grant, request).await?))
}

//! Domains and the records they need, of the organisation or of one pod.

use app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method};
use model::domain::DomainName;
use model::perm;

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/domains";
    const ONE: &str = "/v0/domains/{domain_id}";
    const VERIFY: &str = "/v0/domains/{domain_id}/verify";
    const ZONE: &str = "/v0/domains/{domain_id}/zone-file";
    const LINK: &str = "/v0/domains/{domain_id}/setup-link";
    const POD_ALL: &str = "/v0/pods/{pod_id}/domains";
    const POD_ONE: &str = "/v0/pods/{pod_id}/domains/{domain_id}";
    const POD_VERIFY: &str = "/v0/pods/{pod_id}/domains/{domain_id}/verify";
    const POD_ZONE: &str = "/v0/pods/{pod_id}/domains/{domain_id}/zone-file";
    const ROTATE: &str = "/v0/domains/{domain_id}/rotate-keys";
    const POD_ROTATE: &str = "/v0/pods/{pod_id}/domains/{domain_id}/rotate-keys";
    const POLICY: &str = "/.well-known/mta-sts.txt";
    vec![
        router::open(Method::GET, POLICY, "domains.mta_sts_policy", policy),
        router::post(ROTATE, "domains.rotate_keys", rotate_keys),
        router::post(POD_ROTATE, "pods.domains.rotate_keys", rotate_keys),
        router::get(ALL, "domains.list", list),
        router::post(ALL, "domains.create", create),
        router::get(ONE, "domains.get", get),
        router::patch(ONE, "domains.update", update),
        router::delete(ONE, "domains.delete", delete),
        router::post(VERIFY, "domains.verify", verify),
        router::get(ZONE, "domains.get_zone_file", get_zone_file),
        router::get(LINK, "domains.get_setup_link", get_setup_link),
        router::get(POD_ALL, "pods.domains.list", list),
        router::post(POD_ALL, "pods.domains.create", create),
        router::get(POD_ONE, "pods.domains.get", get),
        router::patch(POD_ONE, "pods.domains.update", update),
        router::delete(POD_ONE, "pods.domains.delete", delete),
        router::post(POD_VERIFY, "pods.domains.verify", verify),
        router::get(POD_ZONE, "pods.domains.get_zone_file", get_zone_file),
    ]
}

async fn create(
    auth: Authorized<perm::DomainCreate>,
    Body(request): Body<wire::CreateDomainRequest>,
) -> Outcome<wire::Domain> {
    Ok(Answer(auth.app.create_domain(&auth.grant, request).await?))
}

async fn list(
    auth: Authorized<perm::DomainRead>,
    params: Params,
) -> Outcome<wire::ListDomainsResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.domains(&auth.grant, page).await?))
}

async fn get(
    auth: Authorized<perm::DomainRead>,
    At(domain): At<DomainName>,
) -> Outcome<wire::Domain> {
    Ok(Answer(auth.app.domain(&auth.grant, &domain).await?))
}

async fn update(
    auth: Authorized<perm::DomainUpdate>,
    At(domain): At<DomainName>,
    Body(request): Body<wire::UpdateDomainRequest>,
) -> Outcome<wire::Domain> {
    let updated = auth.app.update_domain(&auth.grant, &domain, request);
    Ok(Answer(updated.await?))
}

async fn delete(
    auth: Authorized<perm::DomainDelete>,
    At(domain): At<DomainName>,
) -> Result<NoContent, Refusal> {
    auth.app.delete_domain(&auth.grant, &domain).await?;
    Ok(NoContent)
}

async fn verify(
    auth: Authorized<perm::DomainUpdate>,
    At(domain): At<DomainName>,
) -> Result<NoContent, Refusal> {
    auth.app.verify_domain(&auth.grant, &domain).await?;
    Ok(NoContent)
}

async fn rotate_keys(
    auth: Authorized<perm::DomainUpdate>,
    At(domain): At<DomainName>,
) -> Outcome<wire::Domain> {
    let rotated = auth.app.rotate_signing_keys(&auth.grant, &domain);
    Ok(Answer(rotated.await?))
}

/// The policy of the domain that the request names as its host, for other mail servers.
async fn policy(State(app): State<App>, request: Parts) -> Result<Response, Refusal> {
    let named = request
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let named = named.or_else(|| request.uri.authority().map(Authority::as_str));
    let authority: Option<Authority> = named.and_then(|named| named.parse().ok());
    let host = authority.as_ref().map_or("", Authority::host);
    let policy = app.mta_sts_policy(host).await?;
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(([kind], policy).into_response())
}

async fn get_zone_file(
    auth: Authorized<perm::DomainRead>,
    At(domain): At<DomainName>,
) -> Result<Response, Refusal> {
    let file = auth.app.zone_file(&auth.grant, &domain).await?;
    let name = format!("attachment; filename=\"{domain}.zone\"");
    let head = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            CONTENT_DISPOSITION,
            HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((head, file).into_response())
}

async fn get_setup_link(
    auth: Authorized<perm::DomainRead>,
    At(domain): At<DomainName>,
) -> Outcome<wire::GetSetupLinkResponse> {
    Ok(Answer(auth.app.setup_link(&auth.grant, &domain).await?))
}

//! Routes of the hosted service that this server knows and does not offer: calendar, files, the
//! switch for early features, and signing in to apps.
//!
//! They are rows like any other, so a client that asks is told what it would be told by the hosted
//! service up to the last step: 401 without a key, 403 without the right, 404 for an inbox that is
//! not its own, and only then that the feature is off. The lists answer so too: an empty one would
//! look like a search without a result. Rights that a key must ask for by name are not asked for
//! here, or most callers would hear of a missing right that does not help them.

use model::{Code, Error, Need, perm};

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::error::Refusal;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = labs();
    rows.extend(calendar());
    rows.extend(files());
    rows.extend(apps());
    rows.extend(accounts());
    rows.extend(public_keys());
    rows
}

fn labs() -> Vec<Row> {
    const LABS: &str = "/v0/organizations/labs";
    vec![
        router::get(LABS, "organizations.get_labs", get_labs),
        router::post(
            LABS,
            "organizations.join_labs",
            off::<perm::OrganizationRead>,
        ),
    ]
}

fn calendar() -> Vec<Row> {
    const CALENDAR: &str = "/v0/inboxes/{inbox_id}/calendar";
    const EVENTS: &str = "/v0/inboxes/{inbox_id}/calendar/events";
    const EVENT: &str = "/v0/inboxes/{inbox_id}/calendar/events/{event_id}";
    vec![
        router::get(CALENDAR, "inboxes.calendar.get", off::<perm::CalendarRead>),
        router::patch(
            CALENDAR,
            "inboxes.calendar.update",
            off::<perm::CalendarUpdate>,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/calendar/agenda",
            "inboxes.calendar.get_agenda",
            off::<perm::CalendarEventRead>,
        ),
        router::get(
            EVENTS,
            "inboxes.calendar.list_events",
            off::<perm::CalendarEventRead>,
        ),
        router::post(
            EVENTS,
            "inboxes.calendar.create_event",
            off::<perm::CalendarEventCreate>,
        ),
        router::get(
            EVENT,
            "inboxes.calendar.get_event",
            off::<perm::CalendarEventRead>,
        ),
        router::patch(
            EVENT,
            "inboxes.calendar.update_event",
            off::<perm::CalendarEventUpdate>,
        ),
        router::delete(
            EVENT,
            "inboxes.calendar.delete_event",
            off::<perm::CalendarEventDelete>,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/calendar/events/{event_id}/instances",
            "inboxes.calendar.list_event_instances",
            off::<perm::CalendarEventRead>,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/calendar/events/{event_id}/respond",
            "inboxes.calendar.respond_to_event",
            off::<perm::CalendarEventUpdate>,
        ),
    ]
}

fn files() -> Vec<Row> {
    const FILES: &str = "/v0/inboxes/{inbox_id}/files";
    const FILE: &str = "/v0/inboxes/{inbox_id}/files/{file_id}";
    vec![
        router::get(FILES, "inboxes.files.list", off::<perm::FileRead>),
        router::post(FILES, "inboxes.files.create", off::<perm::FileCreate>),
        router::get(FILE, "inboxes.files.get", off::<perm::FileRead>),
        router::delete(FILE, "inboxes.files.delete", off::<perm::FileDelete>),
        router::post(
            "/v0/inboxes/{inbox_id}/files/{file_id}/complete",
            "inboxes.files.complete",
            off::<perm::FileCreate>,
        ),
    ]
}

/// Apps, which TypeScript 0.5.27 still calls providers.
fn apps() -> Vec<Row> {
    vec![
        router::get("/v0/apps", "apps.list", off::<perm::Authenticated>),
        router::get("/v0/apps/search", "apps.search", off::<perm::Authenticated>),
        router::get("/v0/apps/{app_id}", "apps.get", off::<perm::Authenticated>),
        router::get(
            "/v0/apps/{app_id}/accounts",
            "apps.list_accounts",
            off::<perm::Authenticated>,
        ),
        router::post(
            "/v0/apps/{app_id}/connect",
            "apps.connect",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/providers",
            "providers.list",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/providers/search",
            "providers.search",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/providers/{provider_id}",
            "providers.get",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/providers/{provider_id}/accounts",
            "providers.list_accounts",
            off::<perm::Authenticated>,
        ),
        router::post(
            "/v0/providers/{provider_id}/connect",
            "providers.connect",
            off::<perm::Authenticated>,
        ),
        router::post(
            "/v0/inboxes/{inbox_id}/authorize",
            "inboxes.authorize",
            off::<perm::Authenticated>,
        ),
    ]
}

fn accounts() -> Vec<Row> {
    vec![
        router::get("/v0/accounts", "accounts.list", off::<perm::Authenticated>),
        router::get(
            "/v0/accounts/{account_id}",
            "accounts.get",
            off::<perm::Authenticated>,
        ),
        router::patch(
            "/v0/accounts/{account_id}/update",
            "accounts.update",
            off::<perm::AccountUpdate>,
        ),
        router::get(
            "/v0/pods/{pod_id}/accounts",
            "pods.accounts.list",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/pods/{pod_id}/accounts/{account_id}",
            "pods.accounts.get",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/accounts",
            "inboxes.accounts.list",
            off::<perm::Authenticated>,
        ),
        router::get(
            "/v0/inboxes/{inbox_id}/accounts/{account_id}",
            "inboxes.accounts.get",
            off::<perm::Authenticated>,
        ),
    ]
}

/// Where releases 0.5 of the SDKs had public keys.
fn public_keys() -> Vec<Row> {
    const ALL: &str = "/v0/api-keys/public-keys";
    const ONE: &str = "/v0/api-keys/public-keys/{api_key_id}";
    vec![
        router::get(ALL, "api_keys.public_keys.list", off::<perm::ApiKeyRead>),
        router::post(
            ALL,
            "api_keys.public_keys.create",
            off::<perm::ApiKeyCreate>,
        ),
        router::patch(
            ONE,
            "api_keys.public_keys.update",
            off::<perm::ApiKeyUpdate>,
        ),
        router::delete(
            ONE,
            "api_keys.public_keys.delete",
            off::<perm::ApiKeyDelete>,
        ),
        router::post(
            "/v0/api-keys/public-keys/agentid-sign-in/revoke-all",
            "api_keys.public_keys.revoke_all",
            off::<perm::ApiKeyDelete>,
        ),
    ]
}

async fn get_labs(_auth: Authorized<perm::OrganizationRead>) -> Outcome<wire::OrganizationLabs> {
    Ok(Answer(wire::OrganizationLabs {
        enabled: false,
        enabled_at: None,
        available: false,
    }))
}

async fn off<P: Need>(_auth: Authorized<P>) -> Result<NoContent, Refusal> {
    let error = Error::new(
        Code::NotEnabled,
        "This feature is not enabled on this server",
    );
    Err(Refusal(error.fix(
        "Do without it: calendar, files and app sign-in belong to the hosted service.",
    )))
}

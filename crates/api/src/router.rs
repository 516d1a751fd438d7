//! The table of routes: what can be asked, with which right, and who answers.
//!
//! The right is read from the handler's own first argument, so that a row cannot claim another one
//! than the handler has. The golden file `tests/routes.txt` shows every change of the table.

use std::fmt;
use std::sync::Arc;

use app::App;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, StatusCode};
use model::{Code, Error, Need, Permission};
use tower::Layer;

use crate::auth::Authorized;
use crate::error::{DOCS, Refusal, no_route};
use crate::observe::{Operation, observe};
use crate::path::canonical;
use crate::settings::{Door, Settings};
use crate::{
    agent_armor, api_keys, approvals, audit, codes, decide, docs, domains, download, drafts,
    events, health, inboxes, leak_values, lists, messages, metrics, not_enabled, onboarding,
    openapi, operator, organizations, pauses, pods, policies, polling, search, socket,
    socket_tickets, suppressions, threads, unsubscribe, view, webhooks,
};

/// What a row of the table says, without its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// The method; `GET` rows answer `HEAD` too.
    pub method: Method,
    /// The path, with its captures in braces.
    pub path: &'static str,
    /// The id of the operation: how the Python SDK calls it, after `client.`.
    pub operation: &'static str,
    /// The right it takes; `None` for the few that take no credential.
    pub permission: Option<Permission>,
}

impl fmt::Display for RouteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permission = self.permission.map_or("-", Permission::name);
        write!(
            f,
            "{:6} {} {} {permission}",
            self.method.as_str(),
            self.path,
            self.operation
        )
    }
}

/// Every row, in the order of the table.
#[must_use]
pub fn routes() -> Vec<RouteRow> {
    table().into_iter().map(|(row, _)| row).collect()
}

/// The whole door: one service for REST, the WebSocket and downloads.
pub fn router(app: App, settings: Settings) -> Router {
    let settings = Arc::new(settings);
    let mut routes = Router::new();
    for (row, handler) in table() {
        routes = routes.route(row.path, handler);
    }
    let door = Door {
        app,
        settings: Arc::clone(&settings),
        description: Arc::default(),
    };
    let routes = routes
        .fallback(|| async { Refusal(no_route()) })
        .method_not_allowed_fallback(wrong_method)
        .with_state(door);
    // The path must be made canonical before the router looks at it.
    Router::new()
        .fallback_service(map_request(canonical).layer(routes))
        .layer(from_fn_with_state(settings, observe))
}

/// A row and its handler.
pub(crate) type Row = (RouteRow, MethodRouter<Door>);

fn table() -> Vec<Row> {
    let mut rows = vec![
        get("/v0/auth/me", "auth.me", organizations::me),
        get("/v0/organizations", "organizations.get", organizations::get),
        get(socket::PATH, "websockets.connect", socket::connect),
        open(
            Method::GET,
            "/v0/downloads/{token}",
            "downloads.get",
            download::get,
        ),
        open(Method::GET, DOCS, "docs.errors", docs::errors),
        open(Method::GET, openapi::PATH, "docs.openapi", openapi::get),
        open(Method::GET, "/healthz", "health.get", health::get),
    ];
    let resources: [fn() -> Vec<Row>; 28] = [
        inboxes::rows,
        messages::rows,
        codes::rows,
        agent_armor::rows,
        threads::rows,
        view::rows,
        search::rows,
        drafts::rows,
        lists::rows,
        suppressions::rows,
        pauses::rows,
        audit::rows,
        leak_values::rows,
        pods::rows,
        api_keys::rows,
        domains::rows,
        webhooks::rows,
        polling::rows,
        events::rows,
        metrics::rows,
        onboarding::rows,
        not_enabled::rows,
        unsubscribe::rows,
        approvals::rows,
        policies::rows,
        decide::rows,
        operator::rows,
        socket_tickets::rows,
    ];
    rows.extend(resources.into_iter().flat_map(|rows| rows()));
    rows
}

/// A handler whose first argument is `Authorized<P>`: it cannot run without the right `P`.
pub(crate) trait Guarded<T>: Handler<T, Door> {
    /// The right.
    const PERMISSION: Permission;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<F, M, P: Need, $($argument,)*> Guarded<(M, Authorized<P>, $($argument,)*)> for F
        where
            F: Handler<(M, Authorized<P>, $($argument,)*), Door>,
        {
            const PERMISSION: Permission = P::PERMISSION;
        }
    };
}

guarded! {}
guarded! { A }
guarded! { A B }
guarded! { A B C }

pub(crate) fn get<H: Guarded<T>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(Method::GET, path, id, Some(H::PERMISSION), handler)
}

pub(crate) fn post<H: Guarded<T>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(Method::POST, path, id, Some(H::PERMISSION), handler)
}

pub(crate) fn put<H: Guarded<T>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(Method::PUT, path, id, Some(H::PERMISSION), handler)
}

pub(crate) fn patch<H: Guarded<T>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(Method::PATCH, path, id, Some(H::PERMISSION), handler)
}

pub(crate) fn delete<H: Guarded<T>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(Method::DELETE, path, id, Some(H::PERMISSION), handler)
}

/// A row that takes no credential.
pub(crate) fn open<H: Handler<T, Door>, T: 'static>(
    method: Method,
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Row {
    row(method, path, id, None, handler)
}

fn row<H: Handler<T, Door>, T: 'static>(
    method: Method,
    path: &'static str,
    operation: &'static str,
    permission: Option<Permission>,
    handler: H,
) -> Row {
    let filter = match method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    let handler = on(filter, handler).layer(map_response(move |mut response: Response| {
        response.extensions_mut().insert(Operation(operation));
        std::future::ready(response)
    }));
    let row = RouteRow {
        method,
        path,
        operation,
        permission,
    };
    (row, handler)
}

/// The path is in the table, the method is not; the router adds `Allow`.
async fn wrong_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = format!("{method} is not a method of this path");
    Refusal(Error::new(Code::MethodNotAllowed, message)).into_response()
}

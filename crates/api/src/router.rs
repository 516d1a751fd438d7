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
use axum::routing::{MethodFilter, MethodRouter, any, on};
use http::{Method, StatusCode};
use model::{Code, Error, Need, Permission};
use tower::Layer;

use crate::auth::Authorized;
use crate::error::{DOCS, Refusal, no_route};
use crate::observe::{Operation, observe};
use crate::path::canonical;
use crate::settings::{Door, Settings};
use crate::{api_keys, docs, download, health, inboxes, messages, organizations, socket, threads};

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

/// Words of the API that are no ids, where no row answers to them yet.
const RESERVED: [&str; 6] = [
    "/v0/inboxes/search",
    "/v0/inboxes/{inbox_id}/messages/batch-get",
    "/v0/inboxes/{inbox_id}/messages/batch-update",
    "/v0/inboxes/{inbox_id}/messages/search",
    "/v0/inboxes/{inbox_id}/threads/search",
    "/v0/threads/search",
];

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
    for path in RESERVED {
        routes = routes.route(path, any(|| async { Refusal(no_route()) }));
    }
    let door = Door {
        app,
        settings: Arc::clone(&settings),
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

type Row = (RouteRow, MethodRouter<Door>);

fn table() -> Vec<Row> {
    let mut rows = vec![
        get("/v0/auth/me", "auth.me", organizations::me),
        get("/v0/organizations", "organizations.get", organizations::get),
        get("/v0", "websockets.connect", socket::connect),
        open("/v0/downloads/{token}", "downloads.get", download::get),
        open(DOCS, "docs.errors", docs::errors),
        open("/healthz", "health.get", health::get),
    ];
    rows.extend(inbox_rows());
    rows.extend(message_rows());
    rows.extend(thread_rows());
    rows.extend(api_key_rows());
    rows
}

fn inbox_rows() -> Vec<Row> {
    const ALL: &str = "/v0/inboxes";
    const ONE: &str = "/v0/inboxes/{inbox_id}";
    vec![
        get(ALL, "inboxes.list", inboxes::list),
        post(ALL, "inboxes.create", inboxes::create),
        get(ONE, "inboxes.get", inboxes::get),
        patch(ONE, "inboxes.update", inboxes::update),
        delete(ONE, "inboxes.delete", inboxes::delete),
    ]
}

fn message_rows() -> Vec<Row> {
    const ALL: &str = "/v0/inboxes/{inbox_id}/messages";
    const ONE: &str = "/v0/inboxes/{inbox_id}/messages/{message_id}";
    vec![
        get(ALL, "inboxes.messages.list", messages::list),
        post(
            "/v0/inboxes/{inbox_id}/messages/send",
            "inboxes.messages.send",
            messages::send,
        ),
        get(ONE, "inboxes.messages.get", messages::get),
        patch(ONE, "inboxes.messages.update", messages::update),
        delete(ONE, "inboxes.messages.delete", messages::delete),
        get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/attachments/{attachment_id}",
            "inboxes.messages.get_attachment",
            messages::get_attachment,
        ),
        post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/forward",
            "inboxes.messages.forward",
            messages::forward,
        ),
        get(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/raw",
            "inboxes.messages.get_raw",
            messages::get_raw,
        ),
        post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/reply",
            "inboxes.messages.reply",
            messages::reply,
        ),
        post(
            "/v0/inboxes/{inbox_id}/messages/{message_id}/reply-all",
            "inboxes.messages.reply_all",
            messages::reply_all,
        ),
    ]
}

fn thread_rows() -> Vec<Row> {
    const ALL: &str = "/v0/threads";
    const ONE: &str = "/v0/threads/{thread_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/threads";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/threads/{thread_id}";
    vec![
        get(ALL, "threads.list", threads::list),
        get(ONE, "threads.get", threads::get),
        patch(ONE, "threads.update", threads::update),
        delete(ONE, "threads.delete", threads::delete),
        get(
            "/v0/threads/{thread_id}/attachments/{attachment_id}",
            "threads.get_attachment",
            threads::get_attachment,
        ),
        get(INBOX_ALL, "inboxes.threads.list", threads::list),
        get(INBOX_ONE, "inboxes.threads.get", threads::get),
        patch(INBOX_ONE, "inboxes.threads.update", threads::update),
        delete(INBOX_ONE, "inboxes.threads.delete", threads::delete),
        get(
            "/v0/inboxes/{inbox_id}/threads/{thread_id}/attachments/{attachment_id}",
            "inboxes.threads.get_attachment",
            threads::get_attachment,
        ),
    ]
}

fn api_key_rows() -> Vec<Row> {
    const ALL: &str = "/v0/api-keys";
    const ONE: &str = "/v0/api-keys/{api_key_id}";
    const INBOX_ALL: &str = "/v0/inboxes/{inbox_id}/api-keys";
    vec![
        get(ALL, "api_keys.list", api_keys::list),
        post(ALL, "api_keys.create", api_keys::create),
        get(ONE, "api_keys.get", api_keys::get),
        delete(ONE, "api_keys.delete", api_keys::delete),
        get(INBOX_ALL, "inboxes.api_keys.list", api_keys::list),
        post(INBOX_ALL, "inboxes.api_keys.create", api_keys::create),
        delete(
            "/v0/inboxes/{inbox_id}/api-keys/{api_key_id}",
            "inboxes.api_keys.delete",
            api_keys::delete,
        ),
    ]
}

/// A handler whose first argument is `Authorized<P>`: it cannot run without the right `P`.
trait Guarded<T>: Handler<T, Door> {
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

fn get<H: Guarded<T>, T: 'static>(path: &'static str, id: &'static str, handler: H) -> Row {
    row(Method::GET, path, id, Some(H::PERMISSION), handler)
}

fn post<H: Guarded<T>, T: 'static>(path: &'static str, id: &'static str, handler: H) -> Row {
    row(Method::POST, path, id, Some(H::PERMISSION), handler)
}

fn patch<H: Guarded<T>, T: 'static>(path: &'static str, id: &'static str, handler: H) -> Row {
    row(Method::PATCH, path, id, Some(H::PERMISSION), handler)
}

fn delete<H: Guarded<T>, T: 'static>(path: &'static str, id: &'static str, handler: H) -> Row {
    row(Method::DELETE, path, id, Some(H::PERMISSION), handler)
}

/// A row that takes no credential.
fn open<H: Handler<T, Door>, T: 'static>(path: &'static str, id: &'static str, handler: H) -> Row {
    row(Method::GET, path, id, None, handler)
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
